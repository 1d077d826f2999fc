//! What no type can say: numbers that must stand in a relation, names that must exist elsewhere.
//! Each problem names its key and says what to write.

use std::net::IpAddr;

use jiff::{SignedDuration, civil::Date};

use super::{Config, Oidc, X, report};
use crate::{
    cases::sql::SqlSourceConfig,
    domain::{
        action::Kind,
        calendar::{Calendar, limits::Limits},
        time::Timestamp,
    },
};

type Problem = (&'static str, String);

/// The oldest that the source's answer may be at a send, whatever the configuration says.
const RECHECK_AT_MOST: SignedDuration = SignedDuration::from_secs(10);

/// Everything that is wrong with a configuration that reads.
pub(super) fn problems(config: &mut Config) -> Vec<Problem> {
    let mut found = Vec::new();
    unit(config, &mut found);
    ledger(config, &mut found);
    source(&config.source, &mut found);
    calendar(config, &mut found);
    times(config, &mut found);
    numbers(config, &mut found);
    relations(config, &mut found);
    costs(config, &mut found);
    record_and_alarms(config, &mut found);
    x(&config.x, &mut found);
    console(config, &mut found);
    webhooks(config, &mut found);
    if let Some(service) = &config.console.oidc {
        oidc(service, &mut found);
    }
    report::problems(&config.report, &mut found);
    found
}

/// A sign-in service is asked safely, and says who somebody of the ledger is.
fn oidc(service: &Oidc, found: &mut Vec<Problem>) {
    guarded("console.oidc.issuer", &service.issuer, found);
    let filled = [
        ("console.oidc.name", &service.name),
        ("console.oidc.client_id", &service.client_id),
        ("console.oidc.claim", &service.claim),
    ];
    for (key, text) in filled {
        if text.trim().is_empty() {
            found.push((key, "is empty; write it, or take [console.oidc] out".to_owned()));
        }
    }
    if !service.scopes.iter().any(|scope| scope == "openid") {
        let problem = "lacks \"openid\": without it the service does not say who somebody is";
        found.push(("console.oidc.scopes", problem.to_owned()));
    }
    if service.people.is_empty() {
        let problem = "names nobody: write which value of the claim is which person";
        found.push(("console.oidc.people", problem.to_owned()));
    }
}

/// A webhook is told apart by its name, called safely, and told of something.
fn webhooks(config: &Config, found: &mut Vec<Problem>) {
    let key = "console.webhooks";
    let mut names = std::collections::BTreeSet::new();
    for webhook in &config.console.webhooks {
        let name = &webhook.name;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 40 || !name.chars().all(plain) {
            let problem = format!("{name:?} is no name; write small letters, digits and dashes");
            found.push((key, problem));
        }
        if !names.insert(name) {
            found.push((key, format!("two webhooks are named {name}; name them apart")));
        }
        if webhook.events.is_empty() {
            found.push((key, format!("{name} is told of nothing; name events, or take it out")));
        }
        guarded(key, &webhook.url, found);
    }
}

/// What goes over a network goes under TLS: the console's own, or a proxy's before it.
fn console(config: &Config, found: &mut Vec<Problem>) {
    let console = &config.console;
    if console.certificate.is_some() != console.key.is_some() {
        let problem = "a certificate and its key belong together: write both, or neither";
        found.push(("console.certificate", problem.to_owned()));
    }
    let secure = |url: &String| url.starts_with("https://");
    if let Some(url) = &console.public_url
        && (!secure(url) || url.trim_end_matches('/').matches('/').count() != 2)
    {
        let problem =
            format!("{url:?} is no address of a console; write \"https://\" and its host");
        found.push(("console.public_url", problem));
    }
    let on_network = !config.serve.console.ip().is_loopback();
    if on_network && console.public_url.is_none() {
        let problem = "browsers reach it over the network: write its https:// address";
        found.push(("console.public_url", problem.to_owned()));
    }
    if on_network && console.certificate.is_none() && console.trusted_proxies.is_empty() {
        let problem = "on an address of the network it needs a certificate and key, or the addresses \
                       of the proxy before it in console.trusted_proxies";
        found.push(("serve.console", problem.to_owned()));
    }
}

fn unit(config: &Config, found: &mut Vec<Problem>) {
    let prefix = &config.unit.reference_prefix;
    let letters = prefix.chars().all(|letter| letter.is_ascii_uppercase());
    if !letters || !(2..=6).contains(&prefix.len()) {
        let problem = format!("{prefix:?} is no prefix; write two to six capital letters A to Z");
        found.push(("unit.reference_prefix", problem));
    }
    let names = [("unit.name_en", &config.unit.name_en), ("unit.name_hi", &config.unit.name_hi)];
    for (key, name) in names {
        if name.trim().is_empty() {
            found.push((key, "is empty; write the unit's name as its texts say it".to_owned()));
        }
    }
}

/// The ledger's url from the environment takes the place of the one in the file.
fn ledger(config: &mut Config, found: &mut Vec<Problem>) {
    let mut key = "ledger.url";
    if let Some(variable) = &config.ledger.url_env {
        key = "ledger.url_env";
        match std::env::var(variable) {
            Ok(url) => config.ledger.url = url,
            Err(_) => found.push((key, format!("set the environment variable {variable}"))),
        }
    }
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if !known.iter().any(|start| config.ledger.url.starts_with(start)) {
        found.push((key, "write \"sqlite:PATH\" or \"postgres://user@host/database\"".to_owned()));
    }
}

fn source(source: &SqlSourceConfig, found: &mut Vec<Problem>) {
    let ways = [
        source.url.is_some().then_some("source.url"),
        source.url_env.is_some().then_some("source.url_env"),
        source.url_file.is_some().then_some("source.url_file"),
    ];
    let mut given = ways.into_iter().flatten();
    let (first, second) = (given.next(), given.next());
    if second.is_some() || first.is_none() {
        let problem = "give exactly one of url, url_env and url_file, or the query \"embedded\"";
        found.push((second.unwrap_or("source.query"), problem.to_owned()));
    } else if let Some(key) = first
        && let Err(error) = source.resolve_url()
    {
        found.push((key, format!("{error:#}")));
    }
    if let Err(error) = source.time_zone() {
        found.push(("source.zone", format!("{error:#}; write one such as \"Asia/Kolkata\"")));
    }
}

fn calendar(config: &Config, found: &mut Vec<Problem>) {
    match Calendar::new(&config.calendar) {
        Err(error) => found.push(("calendar", error.to_string())),
        Ok(calendar) => {
            if let Err(error) = Limits::new(calendar, config.limits.clone()) {
                found.push(("limits", error.to_string()));
            }
        }
    }
    let here = [(Kind::Lien, "limits.lien"), (Kind::Hold, "limits.hold")];
    for (kind, key) in here {
        if !config.limits.0.contains_key(&kind) {
            let problem = "is missing; without the unit's own limit no such action is overdue";
            found.push((key, problem.to_owned()));
        }
    }
}

fn times(config: &Config, found: &mut Vec<Problem>) {
    let (ladder, deliver, listen) = (&config.ladder, &config.deliver, &config.listen);
    let positive = [
        ("source.connect_timeout", config.source.connect_timeout),
        ("source.query_timeout", config.source.query_timeout),
        ("ladder.tag_interval", ladder.tag_interval),
        ("ladder.expires_after", ladder.expires_after),
        ("ladder.clearance_valid_for", ladder.clearance_valid_for),
        ("ladder.maximum_fact_age", ladder.maximum_fact_age),
        ("ladder.recheck_within", ladder.recheck_within),
        ("ladder.dispute_within", ladder.dispute_within),
        ("orders.longest", config.orders.longest),
        ("breaker.rate_window", config.breaker.rate_window),
        ("watch.every", config.watch.every),
        ("deliver.every", deliver.every),
        ("deliver.lease", deliver.lease),
        ("deliver.hand_off_lease", deliver.hand_off_lease),
        ("deliver.handle_fresh_for", deliver.handle_fresh_for),
        ("deliver.request_timeout", deliver.request_timeout),
        ("listen.every", listen.every),
        ("listen.until_age", listen.until_age),
        ("listen.keep_bank_text", listen.keep_bank_text),
        ("listen.own_posts_every", listen.own_posts_every),
        ("record.unsealed_alarm", config.record.unsealed_alarm),
        ("alarms.take_within", config.alarms.take_within),
        ("serve.drain", config.serve.drain),
        ("console.idle", config.console.idle),
        ("console.longest", config.console.longest),
    ];
    let unsigned = [
        ("source.overlap", config.source.overlap),
        ("ladder.right_of_reply", ladder.right_of_reply),
        ("pacing.bank_interval", config.pacing.bank_interval),
        ("pacing.account_interval", config.pacing.account_interval),
        ("deliver.read_lag", deliver.read_lag),
    ];
    for (key, _) in positive.iter().filter(|(_, time)| !time.is_positive()) {
        found.push((key, "write a length of time such as \"30s\" or \"12h\"".to_owned()));
    }
    for (key, _) in unsigned.iter().filter(|(_, time)| time.is_negative()) {
        found.push((key, "write a length of time such as \"30s\", or \"0s\"".to_owned()));
    }
}

fn numbers(config: &Config, found: &mut Vec<Problem>) {
    let bounds = [
        ("ledger.connections", config.ledger.connections, 1, 200),
        ("pacing.batch", config.pacing.batch, 1, 500),
        ("breaker.streak", config.breaker.streak, 1, 1000),
        ("breaker.rate", config.breaker.rate, 1, 100_000),
        ("watch.shrink_limit_percent", config.watch.shrink_limit_percent, 0, 100),
        ("watch.page", config.watch.page, 1, 10_000),
        ("deliver.parallel", config.deliver.parallel, 1, 256),
        ("wording.largest_share_percent", config.wording.largest_share_percent, 1, 100),
        ("listen.decay_percent", config.listen.decay_percent, 1, 100),
    ];
    for (key, is, least, most) in bounds {
        if !(least..=most).contains(&is) {
            found.push((key, format!("is {is}; write a number from {least} to {most}")));
        }
    }
}

fn relations(config: &Config, found: &mut Vec<Problem>) {
    let (ladder, deliver) = (&config.ladder, &config.deliver);
    if deliver.lease < deliver.request_timeout.saturating_mul(2) {
        let timeout = deliver.request_timeout;
        let problem = format!(
            "is {:#}, and a request may take {timeout:#} (request_timeout): write at least twice \
             that, or a slow send outlives its claim",
            deliver.lease
        );
        found.push(("deliver.lease", problem));
    }
    if ladder.recheck_within > RECHECK_AT_MOST {
        let problem = format!("is {:#}; write 10s at most", ladder.recheck_within);
        found.push(("ladder.recheck_within", problem));
    }
    if ladder.maximum_fact_age <= config.watch.every {
        let problem = format!(
            "is {:#}, and the source is read every {:#} (watch.every): write a longer time, or facts \
             are too old before the next reading",
            ladder.maximum_fact_age, config.watch.every
        );
        found.push(("ladder.maximum_fact_age", problem));
    }
    let serve = &config.serve;
    if serve.health == serve.metrics && serve.health.port() != 0 {
        let problem = "is the address of serve.health too; write another port";
        found.push(("serve.metrics", problem.to_owned()));
    }
}

/// What makes a price list count wrongly or never let a post through.
fn costs(config: &Config, found: &mut Vec<Problem>) {
    for (platform, tariff) in &config.costs.0 {
        let mut wrong = |problem: String| found.push(("costs", format!("{platform}: {problem}")));
        if tariff.source.trim().is_empty() {
            wrong("source is empty; write where the prices stand".to_owned());
        }
        if tariff.expires < tariff.as_of {
            let (as_of, expires) = (tariff.as_of, tariff.expires);
            wrong(format!("expires {expires} lies before as_of {as_of}; write a later day"));
        }
        if tariff.listening_cap > tariff.monthly_cap {
            let (part, whole) = (tariff.listening_cap, tariff.monthly_cap);
            wrong(format!(
                "listening_cap is {part}, and monthly_cap {whole}: write no more than that"
            ));
        }
        let shares = [
            ("banks_share_percent", tariff.banks_share_percent),
            ("warn_percent", tariff.warn_percent),
        ];
        for (key, is) in shares.into_iter().filter(|(_, is)| *is > 100) {
            wrong(format!("{key} is {is}; write a number from 0 to 100"));
        }
    }
}

fn record_and_alarms(config: &Config, found: &mut Vec<Problem>) {
    let origin = &config.record.origin;
    if origin.is_empty() || origin.contains(|c: char| c.is_whitespace() || c == '+') {
        let problem = "write a name without spaces and without \"+\" (the C2SP signed note's rule)";
        found.push(("record.origin", problem.to_owned()));
    }
    if let Some(webhook) = &config.alarms.webhook {
        guarded("alarms.webhook", webhook, found);
    }
    if config.alarms.command.first().is_some_and(String::is_empty) {
        found.push(("alarms.command", "its first word is empty; write a program".to_owned()));
    }
}

fn x(x: &X, found: &mut Vec<Problem>) {
    for (key, url) in [
        ("x.authorize_url", &x.authorize_url),
        ("x.api_url", &x.api_url),
        ("x.token_url", &x.token_url),
        ("x.revoke_url", &x.revoke_url),
    ] {
        guarded(key, url, found);
    }
    let back = reqwest::Url::parse(&x.redirect).ok();
    // By its address and not as localhost: that is what X registers.
    let here = |url: &reqwest::Url| url.host_str() != Some("localhost") && is_here(url.host_str());
    if !back.is_some_and(|url| url.scheme() == "http" && here(&url)) {
        let problem = "write an address of this machine, such as \
                       \"http://127.0.0.1:8790/callback\", as it is registered with X";
        found.push(("x.redirect", problem.to_owned()));
    }
    if x.scopes.is_empty() || x.scopes.iter().any(|one| one.contains(char::is_whitespace)) {
        found.push(("x.scopes", "write one scope a text, without spaces".to_owned()));
    }
}

/// What goes there is a secret: it must not go over a network in the open.
fn guarded(key: &'static str, url: &str, found: &mut Vec<Problem>) {
    let good = reqwest::Url::parse(url).ok().is_some_and(|url| {
        url.scheme() == "https" || (url.scheme() == "http" && is_here(url.host_str()))
    });
    if !good {
        let problem = "write an https:// url (http:// only to this machine)";
        found.push((key, problem.to_owned()));
    }
}

/// Whether a host is this machine itself.
pub(super) fn is_here(host: Option<&str>) -> bool {
    let host = host.unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Config {
    /// What is sound and yet keeps the unit from working fully: each with what to do. `now` judges
    /// the legal rules' dates.
    pub fn warnings(&self, now: Timestamp) -> Vec<String> {
        let mut found = Vec::new();
        let today = Calendar::new(&self.calendar)
            .map_or(Date::MAX, |calendar| now.in_zone(calendar.zone()).date());
        for (kind, rule) in &self.limits.0 {
            if rule.expires < today {
                found.push(format!(
                    "limits.{kind} expired on {}: no tag relies on it; write the unit's own limit \
                     with its order, or renew its dates",
                    rule.expires
                ));
            }
        }
        if self.unit.policy_number.is_none() || self.unit.authorisation_number.is_none() {
            found.push(
                "unit.policy_number and unit.authorisation_number: without both no account goes \
                 live"
                    .to_owned(),
            );
        }
        if self.alarms.command.is_empty() && self.alarms.webhook.is_none() {
            found.push(
                "alarms.command and alarms.webhook: without one of them nobody is called when \
                 something is wrong; give both"
                    .to_owned(),
            );
        }
        if self.banks.invented {
            found.push("banks.invented: for demo and training only".to_owned());
        }
        for (key, address) in
            [("serve.health", self.serve.health), ("serve.metrics", self.serve.metrics)]
        {
            if !address.ip().is_loopback() {
                found.push(format!("{key}: {address} is open to other machines, unguarded"));
            }
        }
        found
    }
}
