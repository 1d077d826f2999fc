//! Questions and answers, one line each, in the person's language: on a terminal, over ssh, or from
//! a pipe. An answer that is secret is not shown while it is typed.

use std::io::{IsTerminal as _, Write as _};

use secrecy::{ExposeSecret as _, SecretString};

use super::super::{failure::Failure, output::say};
use crate::{domain::platform::Language, locale::Locale};

/// The variables of a message.
pub(super) type Given<'a> = &'a [(&'a str, &'a str)];

/// Who is asked.
#[derive(Debug)]
pub(super) struct Asker {
    locale: Locale,
}

impl Asker {
    /// In this language; asked for where none is given, which is the one question in both.
    pub(super) fn new(language: Option<Language>) -> Result<Self, Failure> {
        let language = match language {
            Some(language) => language,
            None => loop {
                prompt("1 English   2 हिंदी")?;
                match line()?.as_deref().map(str::trim) {
                    Some("1" | "en" | "English" | "english") => break Language::En,
                    Some("2" | "hi" | "हिंदी" | "हिन्दी") => {
                        break Language::Hi;
                    }
                    Some(_) => {}
                    None => return Err(Failure::usage("give --lang en or --lang hi")),
                }
            },
        };
        Ok(Self { locale: Locale::new(language)? })
    }

    pub(super) const fn language(&self) -> Language {
        self.locale.language()
    }

    /// The words of a message.
    pub(super) fn words(&self, key: &str, given: Given<'_>) -> Result<String, Failure> {
        Ok(self.locale.say(key, given)?)
    }

    pub(super) fn tell(&self, key: &str, given: Given<'_>) -> Result<(), Failure> {
        say(&self.words(key, given)?)
    }

    /// Why something did not work, before it is asked again.
    pub(super) fn sorry(&self, failure: &Failure) -> Result<(), Failure> {
        let reason = match failure {
            Failure::Failed(text) | Failure::Usage(text) | Failure::Refused(text) => text.trim(),
            Failure::Closed => return Err(Failure::Closed),
        };
        self.tell("not-done", &[("reason", reason)])
    }

    /// The same where the reason is one of ours, and has words in this language.
    pub(super) fn not_done(&self, key: &str, given: Given<'_>) -> Result<(), Failure> {
        let reason = self.words(key, given)?;
        self.tell("not-done", &[("reason", &reason)])
    }

    /// An answer; an empty line takes `default`, where there is one.
    pub(super) fn ask(
        &self,
        key: &str,
        given: Given<'_>,
        default: Option<&str>,
    ) -> Result<String, Failure> {
        loop {
            prompt(&self.words(key, given)?)?;
            let answer = line()?.ok_or_else(|| self.interrupted())?;
            match (answer.trim(), default) {
                ("", Some(default)) => return Ok(default.to_owned()),
                ("", None) => self.tell("needs-answer", &[])?,
                (answer, _) => return Ok(answer.to_owned()),
            }
        }
    }

    pub(super) fn yes(&self, key: &str, given: Given<'_>) -> Result<bool, Failure> {
        loop {
            match self.ask(key, given, None)?.to_lowercase().as_str() {
                "yes" | "y" | "हाँ" | "हां" | "ह" | "haan" | "ha" => return Ok(true),
                "no" | "n" | "नहीं" | "न" | "nahin" | "nahi" => return Ok(false),
                _ => self.tell("say-yes-or-no", &[])?,
            }
        }
    }

    /// An answer that nobody sees: typed blindly on a terminal, a line like others from a pipe.
    pub(super) fn secret(&self, key: &str, given: Given<'_>) -> Result<SecretString, Failure> {
        loop {
            let question = self.words(key, given)?;
            let answer = if std::io::stdin().is_terminal() {
                let typed = rpassword::prompt_password(format!("{question}\n> "));
                SecretString::from(typed.map_err(|_| self.interrupted())?)
            } else {
                prompt(&question)?;
                let answer = line()?.ok_or_else(|| self.interrupted())?;
                SecretString::from(answer.trim_end_matches(['\r', '\n']))
            };
            if !answer.expose_secret().trim().is_empty() {
                return Ok(answer);
            }
            self.tell("needs-answer", &[])?;
        }
    }

    /// The same twice where somebody types it.
    pub(super) fn new_secret(&self, key: &str, given: Given<'_>) -> Result<SecretString, Failure> {
        loop {
            let first = self.secret(key, given)?;
            if !std::io::stdin().is_terminal()
                || self.secret("again-ask", &[])?.expose_secret() == first.expose_secret()
            {
                return Ok(first);
            }
            self.tell("passphrases-differ", &[])?;
        }
    }

    fn interrupted(&self) -> Failure {
        let words = self.words("interrupted", &[]);
        words.map_or_else(|failure| failure, Failure::Failed)
    }
}

fn prompt(question: &str) -> Result<(), Failure> {
    say(question)?;
    let mut out = std::io::stdout().lock();
    let shown = write!(out, "> ").and_then(|()| out.flush());
    shown.map_err(|_| Failure::Closed)
}

/// One line of the answers; nothing at their end.
fn line() -> Result<Option<String>, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().read_line(&mut text).map_err(Failure::failed)?;
    if !std::io::stdin().is_terminal() {
        // What a pipe answers is not echoed by anybody.
        say("")?;
    }
    Ok((read > 0).then_some(text))
}
