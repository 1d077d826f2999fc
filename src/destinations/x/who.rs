//! Who is who on X, and which of an automated account's duties our own profile shows.
//!
//! The invariant: a handle is only ever a question; the answer is the stable id. A duty that the
//! API cannot show is said to be *not shown*, never to be missing.

use super::{
    Ask, Meaning, Problem, X, unwanted,
    wire::{One, User},
};
use crate::{
    destinations::{Duty, Seen, Unread},
    domain::{
        cost::{Item, Reader},
        engagement::Identity,
    },
};

/// What of a user we ask for.
const FIELDS: (&str, &str) =
    ("user.fields", "description,id,is_identity_verified,parody,protected,username,verified_type");

/// Our own account as X shows it.
pub(super) struct Me {
    pub user: User,
    /// The handles of the accounts that its label names.
    affiliates: Vec<String>,
}

impl X {
    /// Who we are. Never refused by the meter, only counted.
    pub(super) async fn me(&self) -> Result<Me, Unread> {
        let query = [FIELDS, ("expansions", "affiliation")];
        let answer = self.get(Ask::Me, &["users", "me"], &query).await?;
        let one: One<User> = self.json(&answer)?;
        let affiliates = one.includes.authors();
        let Some(user) = one.data else { return Err(unwanted(&answer)) };
        let read = affiliates.keys().copied().chain([user.id.0.as_str()]);
        self.count(Item::UserRead, read).await?;
        let affiliates = affiliates.into_values().map(|author| author.handle).collect();
        Ok(Me { user, affiliates })
    }

    pub(super) async fn lookup(&self, handle: &str) -> Result<Option<Identity>, Unread> {
        let asked = handle.trim_start_matches('@');
        let in_handle = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !(1..=15).contains(&asked.len()) || !asked.chars().all(in_handle) {
            return Ok(None);
        }
        if self.meter.left(Item::UserRead, Reader::Banks).await? == 0 {
            let reason = "the cap of what listening may cost is reached".to_owned();
            return Err(Unread::Throttled { until: None, reason });
        }
        let path = ["users", "by", "username", asked];
        let answer = self.get(Ask::User, &path, &[FIELDS]).await?;
        if answer.status == 404 && Problem::read(answer.bytes()).is_some() {
            return Ok(None);
        }
        let one: One<User> = self.json(&answer)?;
        let Some(user) = one.data else {
            // *Not found* is said of suspended accounts too.
            let gone = |problem: &Problem| {
                problem.meaning() == Meaning::NotFound || problem.words().contains("suspended")
            };
            return match one.errors.iter().any(gone) {
                true => Ok(None),
                false => Err(unwanted(&answer)),
            };
        };
        self.count(Item::UserRead, [user.id.0.as_str()]).await?;
        if !user.username.eq_ignore_ascii_case(asked) {
            let reason = "X answered with another account than was asked for".to_owned();
            return Err(Unread::Failed { reason });
        }
        Ok(Some(user.identity()))
    }
}

impl User {
    /// Who it is and what X vouches for.
    pub fn identity(&self) -> Identity {
        let kind = self.verified_type.as_deref().filter(|kind| *kind != "none");
        let mut evidence: Vec<String> =
            kind.map(|kind| format!("verified type: {kind}")).into_iter().collect();
        for (flag, says) in [
            (self.is_identity_verified, "X has verified its identity"),
            (self.parody, "calls itself a parody"),
            (self.protected, "its posts are protected: the public does not see them"),
        ] {
            evidence.extend((flag == Some(true)).then(|| says.to_owned()));
        }
        Identity { author: self.author(), evidence }
    }
}

impl Me {
    /// Who we are, with the duties as evidence.
    pub fn identity(&self) -> Identity {
        let mut identity = self.user.identity();
        identity.evidence.extend(self.duties().iter().map(Duty::to_string));
        identity
    }

    /// X's rules for automated accounts: the *Automated* label, the disclosure in the bio, and the
    /// human account behind it (help.x.com, *automated account labels*). The API shows the label
    /// only where it shows it as an affiliation.
    pub fn duties(&self) -> Vec<Duty> {
        let label = self.user.affiliation.as_ref().and_then(|label| label.description.as_deref());
        let label = label.filter(|text| automated(text));
        let elsewhere = || Seen::NotShown("look at the profile on x.com".to_owned());
        let bio = self.user.description.as_deref().unwrap_or_default();
        let bio_says = if automated(bio) {
            Seen::Yes("the bio says so".to_owned())
        } else {
            Seen::No("write into the bio that the account is automated, and whose it is".to_owned())
        };
        let human = match self.human(label) {
            Some(handle) => Seen::Yes(format!("@{handle}")),
            None => elsewhere(),
        };
        vec![
            Duty {
                what: "the Automated label",
                seen: label.map_or_else(elsewhere, |label| Seen::Yes(label.to_owned())),
            },
            Duty { what: "the bio discloses that posts are automated", seen: bio_says },
            Duty { what: "a human account is linked", seen: human },
        ]
    }

    /// The account that the label names.
    fn human(&self, label: Option<&str>) -> Option<String> {
        let in_label = label?.split_whitespace().find_map(|word| word.strip_prefix('@'));
        in_label.map(str::to_owned).or_else(|| self.affiliates.first().cloned())
    }
}

/// Whether a text says that an account is automated, in English or Hindi.
fn automated(text: &str) -> bool {
    let text = text.to_lowercase();
    ["automated", "automatic", "bot ", "स्वचालित", "ऑटोमेटेड"].iter().any(|word| text.contains(word))
}
