//! E-mail addresses and payment addresses, with their signs written out or not.

use super::hosts::{BANKS, HANDLES, MAIL_HOSTS, NAMES, is_known, listed, plain};
use super::normalise::{Glyph, Spelled};
use super::signs;
use super::squeeze;
use super::view::{self, View};
use super::words;
use super::{Finding, LeakKind};

/// Words before an at sign that name a place of posting, not a person.
const PLACES: &str = "x twitter instagram insta facebook fb youtube threads bluesky mastodon koo telegram follow tag dm cc \
via by linkedin us at report portal complain complaint online visit website login register lodge file site or \
available www page web in a.m p.m i.e e.g st dt";

/// Finds e-mail and payment addresses.
pub(super) fn check(view: &View, found: &mut Vec<Finding>) {
    let Some(glyphs) = signs::written_out(view) else { return };
    // `name [at] y b l`: what was pulled apart stands together once the sign is there.
    for glyphs in view::join_singles(&glyphs).iter().chain([&glyphs]) {
        for at in (0..glyphs.len()).filter(|&at| glyphs[at].ch == '@') {
            check_at(glyphs, at, found);
        }
    }
    let plain = &view.glyphs;
    for at in (0..plain.len()).filter(|&at| plain[at].ch == '@') {
        for address in squeeze::around(plain, at) {
            check_squeezed(&address, found);
        }
        for address in squeeze::over_signs(plain, at) {
            check_cut(&address, found);
        }
    }
}

/// An address whose signs are lost with those that cut it is believed where its host is one for
/// persons only.
fn check_cut(glyphs: &[Glyph], found: &mut Vec<Finding>) {
    const TOPS: [&str; 4] = ["com", "in", "org", "net"];
    let host: String =
        glyphs.iter().skip_while(|glyph| glyph.ch != '@').skip(1).map(|glyph| glyph.ch).collect();
    let mail = MAIL_HOSTS.split(' ').any(|known| host.starts_with(known))
        && TOPS.iter().any(|top| host.ends_with(top));
    let payment = listed(HANDLES, &host);
    let named = glyphs.iter().take_while(|glyph| glyph.ch != '@').count() >= 2;
    if named && (mail || payment) {
        report(glyphs, if mail { LeakKind::Email } else { LeakKind::UpiId }, found);
    }
}

/// An address put together from its pieces is believed where its host is one that we know, or a
/// name with a dot.
fn check_squeezed(glyphs: &[Glyph], found: &mut Vec<Finding>) {
    let Some(at) = glyphs.iter().position(|glyph| glyph.ch == '@') else { return };
    let text = |part: &[Glyph]| part.iter().map(|glyph| glyph.ch).collect::<String>();
    let (local, host) = (text(&glyphs[..at]), text(&glyphs[at + 1..]));
    let letters: String = host.chars().filter(|ch| ch.is_alphanumeric()).collect();
    let starts = |list: &str| {
        list.split_whitespace().any(|known| known.len() > 3 && letters.starts_with(known))
    };
    let short = listed(HANDLES, &letters) || listed(NAMES, &letters);
    let dotted = host.trim_end_matches('.').split_once('.').is_some_and(|(name, top)| {
        const TOPS: [&str; 12] = [
            "com", "in", "co.in", "io", "me", "org", "net", "co", "example", "org.in", "info",
            "biz",
        ];
        name.len() > 1 && TOPS.contains(&top)
    });
    if local.chars().filter(|ch| ch.is_alphanumeric()).count() >= 2
        && (short || dotted || starts(HANDLES) || starts(MAIL_HOSTS))
    {
        report(glyphs, kind_of_host(&host), found);
    }
}

fn in_name(ch: char) -> bool {
    ch.is_alphanumeric()
        || matches!(ch, '.' | '_' | '+' | '-')
        || matches!(ch, '\u{900}'..='\u{963}')
}

/// An ordinary full stop or a space after one ends a name; a spelled-out one does not.
fn is_break(glyph: &Glyph) -> bool {
    glyph.ch == '.' && glyph.spelled == Spelled::Spaced
}

fn check_at(glyphs: &[Glyph], at: usize, found: &mut Vec<Finding>) {
    const LONGEST: usize = 64;
    let (spelled, mut start) = (glyphs[at].spelled, at);
    while start > 0
        && at - start < LONGEST
        && in_name(glyphs[start - 1].ch)
        && !is_break(&glyphs[start - 1])
    {
        start -= 1;
    }
    while start < at && !glyphs[start].ch.is_alphanumeric() {
        start += 1;
    }
    let local: String = glyphs[start..at].iter().map(|glyph| glyph.ch).collect();
    let end = host_end(glyphs, at);
    let host: String = glyphs[at + 1..end].iter().map(|glyph| glyph.ch).collect();
    if !local.contains(char::is_alphanumeric) {
        let before: String =
            glyphs[at.saturating_sub(60)..at].iter().map(|glyph| glyph.ch).collect();
        let name = listed(NAMES, &plain(&host)) || listed(HANDLES, &plain(&host));
        let called = name && calls_a_payment(&before);
        let bank = listed(BANKS, &plain(&host));
        if (is_known(&host) && !bank || called) && follows_a_word(glyphs, at) {
            report(&glyphs[at..end], kind_of_host(&host), found);
        }
        return;
    }
    let before: String =
        glyphs[start.saturating_sub(28)..start].iter().map(|glyph| glyph.ch).collect();
    let address = Address {
        local: &local,
        host: &host,
        before: &before,
        spelled,
        handle: start.checked_sub(1).and_then(|before| glyphs.get(before)).is_some_and(|sign| {
            sign.ch == '@' && !matches!(sign.spelled, Spelled::Word | Spelled::Rate)
        }),
        capital: glyphs[start..at].iter().any(|glyph| glyph.upper),
        shouted: glyphs[at].upper,
        dots: &glyphs[at + 1..end],
    };
    if let Some(kind) = address.kind() {
        report(&glyphs[start..end], kind, found);
    }
}

fn report(covered: &[Glyph], kind: LeakKind, found: &mut Vec<Finding>) {
    let start = covered.iter().map(|glyph| glyph.start).min();
    let end = covered.iter().map(|glyph| glyph.end).max();
    if let (Some(start), Some(end)) = (start, end) {
        found.push(Finding { kind, start: start as usize, end: end as usize });
    }
}

fn kind_of_host(host: &str) -> LeakKind {
    if host.contains('.') { LeakKind::Email } else { LeakKind::UpiId }
}

/// What a payment address is called.
const PAYMENTS: [&str; 5] = ["upi", "vpa", "यूपीआई", "bhim", "payment id"];

/// The words before say that a payment address follows, and speak of nothing else between.
fn calls_a_payment(before: &str) -> bool {
    const ELSE: &str = "lost am pm fraud frauds scam scams case cases thagi dhokhadhadi payment payments transaction \
transactions transfer transfers complaint complaints request requests users me mein ke ठगी धोखाधडी मामले मामलों में के की शिकायत";
    let ends = PAYMENTS.iter().filter_map(|name| {
        let at = before.rfind(name)?;
        // `@NPCI_BHIM @Paytm`: a handle.
        (!before[..at].ends_with(['@', '_'])).then_some(at + name.len())
    });
    ends.max().is_some_and(|end| {
        let rest = &before[end..];
        let letter = |ch: char| ch.is_alphanumeric() || matches!(ch, '\u{900}'..='\u{963}');
        let ended = [". ", "! ", "? ", "।", "–", "(", ","].iter().any(|sign| rest.contains(sign));
        !ended
            && rest.split(|ch| !letter(ch)).all(|word| ELSE.split(' ').all(|other| other != word))
    })
}

/// A sign or two lie between the last word and the at sign (`ravi - @ybl`).
fn follows_a_word(glyphs: &[Glyph], at: usize) -> bool {
    const NEAR: usize = 5;
    glyphs[at.saturating_sub(NEAR)..at]
        .iter()
        .rev()
        .take_while(|glyph| glyph.ch != '@' && glyph.ch != '\n')
        .any(|glyph| glyph.ch.is_alphanumeric())
}

fn host_end(glyphs: &[Glyph], at: usize) -> usize {
    const LONGEST: usize = 80;
    let mut end = at + 1;
    while end < glyphs.len() && end - at < LONGEST {
        let glyph = &glyphs[end];
        let known_after = is_break(glyph) && spaced_tail(glyphs, end);
        if !in_name(glyph.ch) || glyph.ch == '+' || (is_break(glyph) && !known_after) {
            break;
        }
        end += 1;
    }
    while end > at + 1 && !glyphs[end - 1].ch.is_alphanumeric() {
        end -= 1;
    }
    end
}

/// `gmail . com`: a spaced dot goes on with a name's last part only.
fn spaced_tail(glyphs: &[Glyph], dot: usize) -> bool {
    const TAILS: [&str; 11] =
        ["com", "in", "co", "org", "net", "gov", "nic", "edu", "io", "me", "example"];
    let tail: String = glyphs[dot + 1..]
        .iter()
        .take(8)
        .map(|glyph| glyph.ch)
        .take_while(|ch| ch.is_alphanumeric())
        .collect();
    TAILS.contains(&tail.as_str())
}

struct Address<'a> {
    local: &'a str,
    host: &'a str,
    /// What stands before the name.
    before: &'a str,
    spelled: Spelled,
    /// A handle of a social network: it begins with an at sign of its own.
    handle: bool,
    /// The name has a capital, as a reference or a hashtag has, and no address.
    capital: bool,
    /// The sign is written `AT`.
    shouted: bool,
    dots: &'a [Glyph],
}

impl Address<'_> {
    fn kind(&self) -> Option<LeakKind> {
        let labels: Vec<&str> = self.host.split('.').collect();
        let top = labels.last().copied().unwrap_or_default();
        let dotted = labels.len() > 1
            && labels.iter().all(|label| !label.is_empty())
            && top.chars().count() >= 2
            && top.chars().all(char::is_alphabetic);
        if dotted {
            return self.is_mail(&labels).then_some(LeakKind::Email);
        }
        let handle = labels.first().copied().unwrap_or_default();
        self.is_payment(handle).then_some(LeakKind::UpiId)
    }

    fn is_mail(&self, labels: &[&str]) -> bool {
        let known = listed(MAIL_HOSTS, &plain(labels[0]));
        let written_out = self.dots.iter().any(|glyph| {
            glyph.ch == '.' && matches!(glyph.spelled, Spelled::Word | Spelled::Bracketed)
        });
        let portal = listed(PLACES, self.local) || (labels.contains(&"gov") && !self.is_telling());
        match self.spelled {
            Spelled::Not | Spelled::Handle | Spelled::Spaced if self.handle => known,
            Spelled::Not | Spelled::Bracketed => true,
            Spelled::Rate => true,
            Spelled::Handle => {
                known
                    || labels[0] == "example"
                    || self.is_called_mail() && !portal
                    || self.is_telling() && !self.capital && !self.before.ends_with('#')
                    || words::number_word(self.local).is_some()
            }
            Spelled::Spaced => !portal,
            // `at H.No. 12`
            Spelled::Word if labels[0].chars().count() == 1 && !written_out => known,
            Spelled::Word => {
                known
                    || !portal
                        && !self.ends_sentence()
                        && (written_out || self.is_telling() || self.is_called_mail())
            }
        }
    }

    fn is_payment(&self, handle: &str) -> bool {
        const FEWEST: usize = 9;
        let plain = plain(handle);
        let starts =
            handle.chars().next().is_some_and(char::is_alphabetic) || listed(HANDLES, &plain);
        if !starts || handle.chars().count() < 2 {
            return false;
        }
        let known = listed(HANDLES, &plain);
        let name = listed(NAMES, &plain);
        let bank = listed(BANKS, &plain);
        let called = self.is_called_payment();
        let named = calls_a_payment(&format!("{}{} ", self.before, self.local));
        // `₹81,462 @ Neem Bank`, `15-Dec-2025 @ SCO 92`: figures too few for a payment address.
        let figures = self.local.bytes().filter(u8::is_ascii_digit).count();
        let count =
            figures < FEWEST && self.local.starts_with(|first: char| first.is_ascii_digit());
        match self.spelled {
            Spelled::Not if self.handle => known,
            _ if self.handle => false,
            Spelled::Spaced if count && !known && !name && !called => false,
            Spelled::Not => known || name || !listed(PLACES, self.local),
            Spelled::Bracketed => true,
            // `#StopFraud2026 @Paytm`, `UPI fraud: @AxisBank`: a tag, or a word, before a bank's handle.
            Spelled::Handle => {
                let named = self.is_name() || named;
                known && !bank || (name || bank) && named && !self.before.ends_with('#')
            }
            // `12 requests pending at RBL`
            Spelled::Word if bank => self.is_telling() || named,
            // `UPI id: a name, then the @ sign, then the bank's handle`
            Spelled::Rate if ["bank", "the", "handle", "बैंक"].contains(&handle) => false,
            Spelled::Rate if ["name", "number", "नाम"].contains(&self.local) => false,
            // `9 @ PhonePe, 71 @ Jio`
            Spelled::Spaced if bank || name => {
                !(count && figures == self.local.len())
                    && (self.is_telling() || named || !self.at_a_bank())
            }
            Spelled::Spaced | Spelled::Word | Spelled::Rate => {
                known
                    || name && (self.is_telling() || named)
                    || self.spelled != Spelled::Word && (self.is_telling() || called)
                    || self.spelled == Spelled::Rate && name
                    || self.shouted && !self.capital && name && !listed(PLACES, self.local)
            }
        }
    }

    /// `call 1930 at once. In October`: the dot ends a sentence, for a capital begins the next.
    fn ends_sentence(&self) -> bool {
        self.dots.windows(3).any(|three| {
            three[0].ch == '.'
                && three[0].spelled == Spelled::Spaced
                && three[1].upper
                && !three[2].upper
        })
    }

    /// The name looks like an account's name, not like a word.
    fn is_telling(&self) -> bool {
        // A full stop before a handle ends a sentence.
        if self.spelled == Spelled::Handle && self.local.ends_with('.') {
            return false;
        }
        self.local.starts_with(char::is_alphabetic)
            && self.local.chars().any(|ch| ch.is_ascii_digit() || ch == '.' || ch == '_')
            || words::number_word(self.local).is_some()
    }

    /// `12 requests pending @ SBI`: a place, or a small word before a name with a capital.
    fn at_a_bank(&self) -> bool {
        listed(PLACES, self.local)
            || !self.capital && self.dots.first().is_some_and(|glyph| glyph.upper)
    }

    /// It is telling, and neither one number word nor a week, a site or a reference of ours
    /// (`W43 @AxisBank`, `cybercrime.gov.in @AxisBank`, `GGM-957M8 @AxisBank`).
    fn is_name(&self) -> bool {
        let reference = self.capital
            && self.local.split_once('-').is_some_and(|(unit, rest)| {
                unit.chars().all(char::is_alphabetic) && rest.len() == 5
            });
        let number = |word: &str| words::number_word(word).is_some();
        let alone = !self.before.split_whitespace().next_back().is_some_and(number);
        let counted = number(self.local) && alone || self.local.contains('+');
        let week = self.capital && self.local.len() <= 3;
        let site = [".in", ".com", ".org"].iter().any(|top| self.local.ends_with(top));
        self.is_telling() && !reference && !counted && !week && !site
    }

    fn is_called_payment(&self) -> bool {
        PAYMENTS.iter().any(|name| self.before.contains(name))
    }

    fn is_called_mail(&self) -> bool {
        let before = self.before.trim_end_matches([' ', '\n', ':', '-', '=', '(']);
        ["mail", "मेल"].iter().any(|name| before.contains(name))
            || ["contact", "write to", "reach"].iter().any(|word| before.ends_with(word))
            || ["id", "आईडी"].iter().any(|name| before.ends_with(name))
    }
}
