//! The folder of the first post: a place of its own with its own ledger, in which there is no bank.
//!
//! The invariant: nothing of this folder can name a bank. Its directory has one entry, "no bank", so
//! a case of a real bank resolves to nothing here; and the unit's own ledger never learns of the
//! test account. So the first post goes by the one path that there is, and needs no kind of its own.

use std::path::{Path, PathBuf};

use jiff::Span;

use super::{
    super::failure::Failure,
    people::{Team, by},
    unit::{UnitFile, private_file},
};
use crate::{
    app::{App, Place},
    domain::{
        action::{BankAction, Kind, Status},
        ids::{BankCode, CaseRef, ExternalId},
        money::Paise,
        person::Person,
        time::Timestamp,
    },
};

const BANK: &str = "ZTST";
const BANKS: &str = "bank_code,name_en,name_hi,class\nZTST,no bank,कोई बैंक नहीं,public\n";
const SUBLETS: &str = "ifsc,bank_code,name_en,match\n";

const ENGLISH: &str = "Test post of {{ unit }} from its own test account, about {{ bank }}: \
    {{ cases }} cases and {{ actions }} requests were invented for it, with a limit of {{ limit }}. \
    Nobody needs to act. Ref {{ reference }}, as of {{ as_of }}.\n";
const HINDI: &str = "{{ unit }} की जाँच-पोस्ट, अपने जाँच-खाते से। विषय: {{ bank }}। इसके लिए {{ cases }} मामले \
    और {{ actions }} अनुरोध कल्पित हैं, सीमा {{ limit }}। किसी को कुछ नहीं करना है। संदर्भ {{ reference }}, \
    {{ as_of }} की स्थिति।\n";

/// When the invented requests were made and delivered, and when the bank that is none was pressed:
/// fixed, so that every run stores the same rows. Microseconds since 1970: 5 and 6 January 2026.
const REQUESTED: Timestamp = Timestamp::from_micros(1_767_592_800_000_000);
const PRESSED: Timestamp = Timestamp::from_micros(1_767_679_200_000_000);

/// The place in the unit's folder.
pub(super) fn of(data: &Path) -> PathBuf {
    data.join("first-post")
}

/// Makes the folder, or brings it up to date, and opens it: with the unit's names, numbers and way
/// out, the same people, and the three invented cases.
pub(super) async fn open(unit: &UnitFile, main: &App, team: &Team) -> Result<App, Failure> {
    let folder = of(&main.data);
    for (language, text) in [("en", ENGLISH), ("hi", HINDI)] {
        let templates = folder.join("templates").join(language);
        std::fs::create_dir_all(&templates).map_err(Failure::failed)?;
        for length in ["long", "medium", "short"] {
            private_file(&templates.join(format!("tag.{length}.txt")), text)?;
        }
    }
    private_file(&folder.join("banks.csv"), BANKS)?;
    private_file(&folder.join("sublets.csv"), SUBLETS)?;
    private_file(&folder.join("takaza.toml"), &configuration(unit, main)?)?;
    let app = App::open(&Place { config: None, data: Some(folder) }).await?;
    people(main, &app, team).await?;
    let cases = app.embedded.as_ref().ok_or_else(|| Failure::refused("its cases are embedded"))?;
    cases.upsert(&rows(), app.ctx.clock.now()).await.map_err(Failure::failed)?;
    Ok(app)
}

/// What differs from the defaults there. The unit's own ledger, cases, limits and alarms are not
/// taken over: there is nothing here that they could be about.
fn configuration(unit: &UnitFile, main: &App) -> Result<String, Failure> {
    let mut own = unit.table()?;
    own.retain(|section, _| matches!(section, "unit" | "network" | "x" | "costs"));
    if let (Some(roots), Some(toml::Value::Table(network))) =
        (&main.ctx.config.network.roots, own.get_mut("network"))
    {
        let roots = std::path::absolute(roots).map_err(Failure::failed)?;
        network.insert("roots".to_owned(), roots.display().to_string().into());
    }
    let zone = main.ctx.limits.calendar().zone();
    let today = main.ctx.clock.now().in_zone(zone).date();
    let tomorrow = today.saturating_add(Span::new().days(1));
    let limit = |kind: &str| {
        format!(
            "[limits.{kind}]\nhours = 24\ncounted = \"round-the-clock\"\nsource = \"none: invented \
             cases\"\nreviewed = \"{today}\"\nexpires = \"{tomorrow}\"\n\n"
        )
    };
    let own = toml::to_string(&own).map_err(Failure::failed)?;
    Ok(format!(
        "# Written by `takaza setup` at each run: the test account and its first post, about no bank.\n\
         # The unit's own folder is the one above.\n\n{own}\n\
         [banks]\ndirectory = \"banks.csv\"\nsublets = \"sublets.csv\"\n\n\
         [calendar]\n# The protected test account disturbs nobody at night.\n\
         quiet_hours = {{ from = \"00:00\", until = \"00:00\" }}\n\n\
         [pacing]\n# So that the test post can be deleted at once.\naccount_interval = \"1s\"\n\n\
         {}{}",
        limit("lien"),
        limit("hold")
    ))
}

/// The unit's people, with the passphrases that they have there now: whoever proves themselves in the
/// unit's ledger is the same person here, and an older passphrase is good for nothing.
async fn people(main: &App, app: &App, team: &Team) -> Result<(), Failure> {
    let here = app.ctx.store.people().await?;
    let known = |person: &Person| here.iter().find(|one| one.id == person.id);
    let store = &app.ctx.store;
    let admin = by(&team.admin.id);
    for (person, granter) in [
        (&team.admin, None),
        (&team.approver, Some(&team.admin)),
        (&team.second, Some(&team.admin)),
    ] {
        if known(person).is_some() {
            continue;
        }
        let passphrase = main.ctx.store.person(&person.id).await?.1;
        store.add_person(&admin, granter, person, &passphrase.hash).await?;
    }
    for person in [&team.admin, &team.approver, &team.second] {
        // Only what they chose themselves is taken over.
        let (chosen, there) =
            (main.ctx.store.person(&person.id).await?.1, store.person(&person.id).await?.1);
        if !chosen.first && (there.first || there.hash != chosen.hash) {
            store.set_passphrase(&by(&person.id), &person.id, &chosen.hash).await?;
        }
    }
    if !store.person(&team.approver.id).await?.0.confirmed {
        store.confirm_person(&by(&team.second.id), &team.second, &team.approver.id).await?;
    }
    Ok(())
}

/// Three invented cases, one request each: the fewest that a text may speak of.
fn rows() -> Vec<BankAction> {
    let row = |number: u32| BankAction {
        external_id: ExternalId::new(format!("first-post-{number}")),
        case_ref: CaseRef::new(format!("invented/{number}")),
        bank: BankCode::new(BANK),
        kind: Kind::Lien,
        layer: Some(1),
        disputed: Some(Paise::from_rupees(10_000)),
        requested_at: REQUESTED,
        delivered_at: Some(REQUESTED),
        due_at: None,
        complete: true,
        status: Status::Pending,
        acted_at: None,
        lien_amount: None,
        contacts: 1,
        last_contact_at: Some(PRESSED),
        updated_at: None,
    };
    (1..=3).map(row).collect()
}
