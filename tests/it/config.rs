//! Configuration: what a person may write, and what they are told when it does not fit.

use std::path::Path;

use takaza::config::{Config, ConfigErrors, DEFAULTS, Loaded};
use takaza::domain::{action::Kind, platform::Platform, time::Timestamp};

fn errors(text: &str) -> ConfigErrors {
    Loaded::parse(Some(Path::new("unit.toml")), text, Path::new("/data")).expect_err("refused")
}

/// 24 November 2026, 12:00 UTC.
const NOW: Timestamp = Timestamp::from_micros(1_795_521_600_000_000);

#[test]
fn the_defaults_read_and_are_honest_about_what_a_unit_must_still_write() {
    let config = Config::load(None, Path::new("/data")).expect("the defaults");
    assert_eq!(config.ledger.url, "sqlite:/data/takaza.db");
    assert_eq!(config.embedded_cases().as_deref(), Some(Path::new("/data/cases.db")));
    assert_eq!(config.record.key_file, Path::new("/data/keys/record.key"));
    let warnings = config.warnings(NOW).join("\n");
    for key in ["limits.lien", "limits.hold", "unit.policy_number", "alarms.command"] {
        assert!(warnings.contains(key), "{key} is not warned about in:\n{warnings}");
    }
}

#[test]
fn the_defaults_say_the_same_as_the_types() {
    let config = Config::load(None, Path::new("/data")).expect("the defaults");
    assert_eq!(config.ladder, takaza::domain::ladder::LadderRules::default());
    assert_eq!(config.pacing, takaza::domain::pacing::PacingRules::default());
    assert_eq!(config.breaker, takaza::store::BreakerRules::default());
}

#[test]
fn every_key_of_the_defaults_is_explained() {
    let mut explained = false;
    for line in DEFAULTS.lines() {
        match line.trim() {
            "" => explained = false,
            line if line.starts_with('#') => explained = true,
            line => assert!(explained, "nothing explains {line:?}"),
        }
    }
}

#[test]
fn a_slip_is_named_with_its_line_and_the_nearest_key() {
    let found = errors("[deliver]\nleese = \"2m\"\n");
    assert_eq!(
        found.to_string(),
        "unit.toml:2:1: deliver.leese: there is no key \"leese\" here; did you mean \"lease\"?"
    );
}

#[test]
fn a_key_in_the_wrong_table_is_told_its_own() {
    let found = errors("[watch]\nrequest_timeout = \"30s\"\n");
    assert!(found.to_string().contains("it belongs under [deliver]"), "{found}");
}

#[test]
fn a_key_that_people_look_for_elsewhere_is_named() {
    let found = errors("[console]\nlisten = \"127.0.0.1:8782\"\n").to_string();
    assert!(
        found.contains("console.listen") && found.ends_with("the key is serve.console"),
        "{found}"
    );
    // A key that stands nowhere belongs nowhere, not where it was written.
    let found = errors("[console]\nbeauty = 3\n").to_string();
    assert!(!found.contains("belongs under"), "{found}");
}

#[test]
fn a_share_is_a_share() {
    for wrong in ["0", "101", "500"] {
        let found = errors(&format!("[wording]\nlargest_share_percent = {wrong}\n")).to_string();
        assert!(found.contains("wording.largest_share_percent"), "{wrong}: {found}");
    }
}

#[test]
fn every_error_is_told_at_once_in_the_files_order() {
    let found = errors(
        "[unit]\nreference_prefix = \"g1\"\n\n[watch]\nevery = \"soon\"\npage = 0\n\n\
         [delivr]\nlease = \"2m\"\n\n[limits.lein]\nhours = 4\n",
    );
    let text = found.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with("unit.toml:2:1: unit.reference_prefix: "), "{text}");
    assert!(lines[1].starts_with("unit.toml:5:1: watch.every: "), "{text}");
    assert!(lines[1].contains("\"30s\""), "a length of time is shown by example: {text}");
    assert!(lines[2].starts_with("unit.toml:6:1: watch.page: is 0; write a number"), "{text}");
    assert!(lines[3].contains("did you mean \"deliver\"?"), "{text}");
    assert!(lines[4].contains("did you mean \"lien\"?"), "{text}");
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    let found = errors("[unit]\nname_en = \"open\n");
    assert!(found.to_string().starts_with("unit.toml:2:"), "{found}");
}

#[test]
fn a_limit_of_ones_own_must_bring_its_own_source() {
    let found = errors("[limits.lien]\nhours = 6\n");
    assert!(found.to_string().contains("missing field"), "{found}");
    let whole = "[limits.lien]\nhours = 6\ncounted = \"round-the-clock\"\n\
                 source = \"order 7 of 2026\"\nreviewed = 2026-10-01\nexpires = 2027-09-30\n";
    let config = Config::parse(whole, Path::new("/data")).expect("a limit with its source");
    assert_eq!(config.limits.0[&Kind::Lien].source, "order 7 of 2026");
    assert!(config.limits.0.contains_key(&Kind::Hold), "the others stay");
    assert!(!config.warnings(NOW).join("\n").contains("limits.lien"));
}

#[test]
fn an_error_in_a_limit_names_the_limit() {
    let limit = "counted = \"round-the-clock\"\nsource = \"order 7\"\nreviewed = \"2026-10-01\"\n\
                 expires = \"2027-09-30\"\n";
    let text = errors(&format!("[limits.lien]\nhours = \"six\"\n{limit}")).to_string();
    assert!(text.contains("unit.toml:2:1: limits.lien.hours: invalid type"), "{text}");
    assert!(!text.contains("missing field"), "it is there, and wrong: {text}");
    let text = errors(&format!("[limits.lien]\nhours = 24.5\n{limit}")).to_string();
    assert_eq!(text.lines().count(), 1, "one slip, one error: {text}");
    let text = errors(&format!("[limits.hold]\nhour = 6\n{limit}")).to_string();
    assert!(text.contains("limits.hold.hour") && text.contains("did you mean \"hours\""), "{text}");
    let text = errors("[costs.blusky]\nas_of = \"2026-01-01\"\n").to_string();
    assert!(text.contains("costs.blusky") && text.contains("did you mean \"bluesky\""), "{text}");
}

#[test]
fn a_claim_must_outlive_its_request_by_far() {
    let found = errors("[deliver]\nlease = \"50s\"\nrequest_timeout = \"30s\"\n");
    assert!(found.to_string().starts_with("unit.toml:2:1: deliver.lease: "), "{found}");
    assert!(found.to_string().contains("at least twice"), "{found}");
}

#[test]
fn times_and_places_that_do_not_exist_are_refused() {
    let found = errors(
        "[calendar]\nzone = \"Asia/Gurugram\"\n[source]\nzone = \"IST+5\"\n\
         [ladder]\nrecheck_within = \"1m\"\n[serve]\nmetrics = \"127.0.0.1:8780\"\n",
    );
    let text = found.to_string();
    for key in ["calendar:", "source.zone:", "ladder.recheck_within:", "serve.metrics:"] {
        assert!(text.contains(key), "{key} is missing in:\n{text}");
    }
}

#[test]
fn a_url_in_the_environment_must_be_there() {
    let found = errors("[ledger]\nurl_env = \"TAKAZA_TEST_NO_SUCH_VARIABLE\"\n");
    assert!(found.to_string().contains("set the environment variable TAKAZA_TEST_NO_SUCH"));
}

#[test]
fn a_source_is_reached_in_one_way() {
    let found = errors(
        "[source]\nquery = \"SELECT 1\"\nurl = \"postgres://a@b/c\"\nurl_file = \"source.url\"\n",
    );
    assert!(found.to_string().starts_with("unit.toml:4:1: source.url_file: give exactly one"));
    let found = errors("[source]\nquery = \"SELECT 1\"\n");
    assert!(found.to_string().starts_with("unit.toml:2:1: source.query: give exactly one"));
}

#[test]
fn nothing_secret_is_shown() {
    let text = "[ledger]\nurl = \"postgres://takaza:hunter2@db.example/ledger?sslkey=hunter3\"\n\
                [[console.webhooks]]\nname = \"desk\"\nurl = \"https://hooks.example/hunter7\"\n\
                secret_from = \"env:DESK\"\nevents = [\"held\"]\n\
                [alarms]\nwebhook = \"https://hooks.example/hunter4\"\n\
                command = [\"/usr/bin/call\", \"--key=hunter5\"]\n\
                [source]\nquery = \"SELECT 1\"\nurl = \"mysql://reader:hunter6@db.example/cases\"\n";
    let loaded = Loaded::parse(None, text, Path::new("/data")).expect("sound");
    let shown = toml::to_string(&loaded.masked()).expect("TOML");
    assert!(!shown.contains("hunter"), "{shown}");
    for kept in ["takaza:***@db.example", "https://hooks.example/", "/usr/bin/call", "reader:***"] {
        assert!(shown.contains(kept), "{kept} is missing in:\n{shown}");
    }
    assert!(!format!("{:?}", loaded.config.source).contains("hunter"));
}

#[test]
fn money_is_read_from_texts_alone_and_exactly() {
    let config = Config::load(None, Path::new("/data")).expect("the defaults");
    let tariff = config.costs.tariff(Platform::X).expect("X charges");
    assert_eq!(tariff.prices.post.micros(), 15_000);
    assert_eq!(tariff.prices.post_with_url.micros(), 200_000);
    assert!(tariff.expired(NOW).is_none(), "the list is in force");
    assert!(config.costs.tariff(Platform::Sandbox).is_none(), "the demo is free");
    let text = errors("[costs.x]\nmonthly_cap = 30.5\n").to_string();
    assert!(text.contains("unit.toml:2:1: costs.x.monthly_cap"), "{text}");
    assert!(text.contains("in quotes, such as \"0.015\""), "{text}");
    let text = errors("[costs.x.prices]\npost = \"0.0000001\"\n").to_string();
    assert!(text.contains("at most six decimals"), "{text}");
    let text = errors("[costs.x]\nlistening_cap = \"31\"\nwarn_percent = 101\n").to_string();
    assert!(text.contains("listening_cap is $31.00, and monthly_cap $30.00"), "{text}");
    assert!(text.contains("warn_percent is 101"), "{text}");
    let text = errors("[costs.bluesky]\nas_of = \"2026-01-01\"\n").to_string();
    assert!(text.contains("missing"), "a list that is not whole prices nothing: {text}");
    let text = errors("[costs.x]\nmonthly_cap = 1\nlistening_cap = 1\n").to_string();
    assert_eq!(text.lines().count(), 2, "all at once: {text}");
}

#[test]
fn a_unit_changes_a_cap_and_keeps_the_list() {
    let text = "[costs.x]\nmonthly_cap = \"100\"\n";
    let config = Config::parse(text, Path::new("/data")).expect("sound");
    let tariff = config.costs.tariff(Platform::X).expect("X charges");
    assert_eq!(tariff.monthly_cap.micros(), 100_000_000);
    assert_eq!(tariff.prices.like_read.micros(), 1_000);
}

#[test]
fn a_sign_in_service_is_asked_safely_and_names_people() {
    let service = "[console.oidc]\nname = \"Key\"\nclient_id = \"takaza\"\n";
    let good = "issuer = \"https://sign-in.example\"\npeople = { \"4711\" = \"asha\" }\n";
    let config = Config::parse(&format!("{service}{good}"), Path::new("/data")).expect("sound");
    let oidc = config.console.oidc.expect("a service");
    assert_eq!((oidc.claim.as_str(), oidc.scopes.as_slice()), ("sub", &["openid".to_owned()][..]));
    // Of the last two only the beginning looks like this machine itself.
    for host in ["sign-in.example", "127.0.0.1.example", "localhost.example"] {
        let bad = format!("issuer = \"http://{host}\"\nscopes = [\"email\"]\npeople = {{}}\n");
        let text = errors(&format!("{service}{bad}")).to_string();
        for key in ["console.oidc.issuer", "console.oidc.scopes", "console.oidc.people"] {
            assert!(text.contains(key), "{key} is not named in:\n{text}");
        }
    }
    for host in ["127.0.0.1:8791", "[::1]:8791", "localhost:8791"] {
        let here = good.replace("https://sign-in.example", &format!("http://{host}"));
        Config::parse(&format!("{service}{here}"), Path::new("/data"))
            .expect("this machine itself");
    }
}
