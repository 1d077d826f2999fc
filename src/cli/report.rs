//! `takaza report`: what tags achieve, how quickly banks act, what was cleared, what it cost.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use jiff::civil::Date;

use super::{
    Globals,
    audit::create,
    failure::{Failure, Outcome},
    output::{say, table},
};
use crate::{
    destinations::mail::Sent,
    domain::{bank::Directory, ids::BankCode, platform::Language},
    locale::Locale,
    reports::{
        days,
        document::{Cell, Document, Edition, Section, Subject},
        render::{Format, render, words::Words},
    },
    work::{
        report::{Asked, NotMade, make},
        weekly,
    },
};

/// Reports: what tags achieve, how quickly banks act, what was cleared, what it cost
///
/// As a table here, or as a page, a PDF, a workbook, CSV or JSON. Without days, the last 28 whole
/// days of the unit's calendar.
#[derive(Debug, Subcommand)]
pub(super) enum Report {
    /// What public tags achieve: answers, times, what can be laid to them
    Engagement(Given),
    /// The banks beside one another, by time to action
    Banks(Given),
    /// What standing orders and approvers cleared
    Orders(Given),
    /// What posts and readings cost
    Costs(Given),
    /// Send the weekly report by mail now, whatever the day
    ///
    /// The last seven whole days, to whom `report.weekly_to` names. It is noted in the record; the
    /// week's own report still goes out on its day.
    SendWeekly,
}

/// What a report is to cover, and how it is written.
#[derive(Debug, Args)]
pub(super) struct Given {
    /// The first day (2026-11-01); without it, 28 days up to the last
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// The last day; without it, yesterday
    #[arg(long, value_name = "DATE", alias = "until")]
    to: Option<Date>,
    /// One bank alone, by its code or name
    #[arg(long, value_name = "BANK")]
    bank: Option<String>,
    /// The report's language
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = PossibleValuesParser::new(["en", "hi"]))]
    lang: String,
    /// The edition for the public: what was public already, and totals; single banks a month late
    #[arg(long)]
    public: bool,
    /// The file, which must not be there yet; without it, standard output
    #[arg(long, value_name = "FILE", alias = "out")]
    output: Option<PathBuf>,
    /// How it is written; without it, as the file's ending says, or as a table on standard output
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.iter().map(|one| one.as_str())))]
    format: Option<String>,
}

impl Report {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let (subject, given) = match self {
            Self::Engagement(given) => (Subject::Engagement, given),
            Self::Banks(given) => (Subject::Banks, given),
            Self::Orders(given) => (Subject::Orders, given),
            Self::Costs(given) => (Subject::Costs, given),
            Self::SendWeekly => return send_weekly(globals).await,
        };
        let format = given.format()?;
        let app = globals.open().await?;
        let ctx = &app.ctx;
        let today = ctx.clock.now().in_zone(ctx.limits.calendar().zone()).date();
        let (from, until) = days::between(given.from, given.to, today)
            .map_err(|error| Failure::usage(error.to_string()))?;
        let bank = given.bank.as_deref().map(|text| bank(text, &ctx.banks)).transpose()?;
        let edition = if given.public { Edition::Public } else { Edition::Unit };
        let language = Language::parse(&given.lang).unwrap_or(Language::En);
        let asked = Asked { subject, edition, language, from, until, bank };
        let document = make(ctx, &asked).await.map_err(|error| not_made(error, language))?;
        match format {
            None => say(&told(&document)?),
            Some(format) => write(&render(&document, format)?, given.output.as_deref()),
        }
    }
}

async fn send_weekly(globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let ctx = &app.ctx;
    let to = &ctx.config.report.weekly_to;
    if to.is_empty() {
        let problem = "nobody gets it; write report.weekly_to, and the mail server beside it, into takaza.toml";
        return Err(Failure::usage(problem));
    }
    let now = ctx.clock.now().in_zone(ctx.limits.calendar().zone());
    let name = format!("by hand {}", now.strftime("%Y-%m-%d %H:%M:%S"));
    match weekly::send(ctx, &ctx.actor("report send-weekly"), &name, now.date()).await? {
        Some(Sent::Accepted(said)) => {
            say(&format!("the mail server has it for {}: {said}", to.join(", ")))
        }
        Some(Sent::Refused(why)) => Err(Failure::Failed(format!("it was not sent: {why}"))),
        Some(Sent::Unknown(why)) => Err(Failure::Failed(format!(
            "nobody knows whether it arrived ({why}); ask somebody who should have it"
        ))),
        None => Err(Failure::refused("another process sends it at this moment")),
    }
}

impl Given {
    /// The format that is asked for; `None`: a table for people.
    fn format(&self) -> Result<Option<Format>, Failure> {
        let given = self.format.as_deref().and_then(Format::parse);
        let format = match (&self.output, given) {
            (Some(file), None) => Some(Format::of_file(file).ok_or_else(|| {
                let all = Format::ALL.iter().map(|one| format!(".{one}")).collect::<Vec<_>>();
                let file = file.display();
                Failure::usage(format!(
                    "{file} does not say what it is; end it with {}, or give --format",
                    all.join(", ")
                ))
            })?),
            (_, given) => given,
        };
        match (format, &self.output) {
            (Some(format), None) if !format.is_text() && std::io::stdout().is_terminal() => {
                let problem =
                    format!("a terminal cannot show {format}; give --output FILE.{format}");
                Err(Failure::usage(problem))
            }
            _ => Ok(format),
        }
    }
}

/// What is not made for a reason is refused with it.
fn not_made(error: anyhow::Error, language: Language) -> Failure {
    match (error.downcast::<NotMade>(), Locale::new(language)) {
        (Ok(why), Ok(locale)) => Failure::refused(locale.known(&why.to_string())),
        (Err(error), _) | (_, Err(error)) => error.into(),
    }
}

/// Into a new file, or to standard output.
fn write(bytes: &[u8], output: Option<&Path>) -> Outcome {
    let Some(file) = output else {
        let mut out = std::io::stdout().lock();
        return match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::Closed),
            other => other.map_err(Failure::failed),
        };
    };
    create(file)?.write_all(bytes).map_err(Failure::failed)?;
    say(&format!("the report is in {}", file.display()))
}

/// The bank that a person means by a code or a name.
fn bank(text: &str, banks: &Directory) -> Result<BankCode, Failure> {
    if let Some(code) = banks.answers_for(text).or_else(|| banks.by_name(text)) {
        return Ok(code);
    }
    let like = |word: &str| strsim::jaro_winkler(&word.to_lowercase(), &text.to_lowercase());
    let nearest = banks.banks().into_iter().map(|bank| {
        let nearness = like(&bank.name_en).max(like(bank.code.as_str()));
        (nearness, bank)
    });
    let hint = match nearest.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        Some((nearness, bank)) if nearness > 0.75 => {
            format!("did you mean {} ({})?", bank.code, bank.name_en)
        }
        _ => "`takaza banks list` lists them".to_owned(),
    };
    Err(Failure::usage(format!("the directory knows no bank {text:?}; {hint}")))
}

/// The report for a terminal.
fn told(document: &Document) -> anyhow::Result<String> {
    let words = Words::of(document)?;
    let mut text = format!("{}\n{}\n", document.title, document.unit);
    let (days, as_of) = (words.days(document)?, words.as_of(document)?);
    let _ = writeln!(text, "{days} · {as_of} · {}", words.edition(document)?);
    for note in &document.notes {
        let _ = writeln!(text, "! {note}");
    }
    if document.sections.is_empty() {
        let _ = writeln!(text, "\n{}", words.t("rendered-no-rows")?);
    }
    for section in &document.sections {
        let _ = write!(text, "\n{}", told_section(section, &words)?);
    }
    Ok(text)
}

fn told_section(section: &Section, words: &Words) -> anyhow::Result<String> {
    let mut text = format!("{}\n", section.title);
    for finding in &section.findings {
        let mark = if finding.warning { "!" } else { "-" };
        let _ = writeln!(text, "{mark} {}", finding.text);
    }
    let headings: Vec<_> = section.table.columns.iter().map(|one| one.title.as_str()).collect();
    let cells = |row: &Vec<Cell>| row.iter().map(|cell| words.cell(cell)).collect();
    let rows: Vec<_> = section.table.rows.iter().chain(&section.table.total).map(cells).collect();
    if rows.is_empty() {
        let _ = writeln!(text, "{}", words.t("rendered-no-rows")?);
    } else {
        let _ = writeln!(text, "{}", table(&headings, &rows));
    }
    Ok(text)
}
