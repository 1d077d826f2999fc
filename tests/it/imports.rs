//! Importing a unit's spreadsheet: every row as the truth file says, from XLSX and CSV alike, and
//! nothing of a private column anywhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::LazyLock,
};

use proptest::prelude::*;
use serde::Deserialize;
use takaza::{
    cases::import::{self, Extract, ImportError, Imported, Mapping, Progress, RefusalCode},
    domain::{
        bank::{Directory, INVENTED_BANKS},
        money::Paise,
        time::Timestamp,
    },
};

const EXAMPLE: &str = include_str!("../../config/mappings/example.toml");

fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read(path).unwrap()
}

fn banks() -> &'static Directory {
    static BANKS: LazyLock<Directory> =
        LazyLock::new(|| Directory::compiled_in().unwrap().with_invented(INVENTED_BANKS).unwrap());
    &BANKS
}

fn india(text: &str) -> Timestamp {
    format!("{text}+05:30").parse::<jiff::Timestamp>().unwrap().into()
}

fn as_of() -> Timestamp {
    india("2026-11-20T18:00:00")
}

fn read_by(mapping: &str, bytes: &[u8]) -> Result<Imported, ImportError> {
    let mapping = Mapping::parse(mapping).unwrap();
    import::read(bytes, &mapping, banks(), as_of(), &mut |_| {})
}

fn read(bytes: &[u8]) -> Imported {
    read_by(EXAMPLE, bytes).unwrap()
}

/// What must come of one row.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Repeated {
        same_as: String,
    },
    Refused {
        refuse: String,
        external_id: String,
    },
    Accepted {
        external_id: String,
        bank_code: String,
        kind: String,
        amount: i64,
        requested_at: String,
        delivered: bool,
        complete: bool,
        status: String,
        held: Option<i64>,
    },
}

#[derive(Deserialize)]
struct Truth {
    rows: usize,
    accepted: usize,
    refused: usize,
    repeated: usize,
    by_status: BTreeMap<String, usize>,
    incomplete: usize,
    undelivered: usize,
    amount_pending: i64,
    truth: Vec<Expected>,
}

fn truth() -> Truth {
    serde_json::from_slice(&file("case_export.truth.json")).unwrap()
}

/// Every row of an import in one list, in the file's order, without its row numbers.
fn story(imported: &Imported) -> Vec<String> {
    let ids: BTreeMap<u64, &str> = imported
        .accepted
        .iter()
        .map(|row| (row.row, row.action.external_id.expose()))
        .chain(
            imported
                .refused
                .iter()
                .filter_map(|row| Some((row.row, row.external_id.as_ref()?.expose()))),
        )
        .collect();
    let accepted = imported
        .accepted
        .iter()
        .map(|row| (row.row, format!("accepted {}", serde_json::to_string(&row.action).unwrap())));
    let refused = imported.refused.iter().map(|row| {
        let id = row.external_id.as_ref().map_or("", |id| id.expose());
        (row.row, format!("refused {} {id}", row.refusal.code))
    });
    let repeated =
        imported.repeated.iter().map(|row| (row.row, format!("repeated {}", ids[&row.first])));
    let rows: BTreeMap<u64, String> = accepted.chain(refused).chain(repeated).collect();
    assert_eq!(rows.len(), imported.total(), "each row is in one list only");
    rows.into_values().collect()
}

fn every_row_is_as_the_truth_says(name: &str) {
    let (imported, truth) = (read(&file(name)), truth());
    let rows = story(&imported);
    assert_eq!(rows.len(), truth.rows);
    let mut actions = imported.accepted.iter().map(|row| &row.action);
    for (at, (row, expected)) in rows.iter().zip(&truth.truth).enumerate() {
        match expected {
            Expected::Repeated { same_as } => assert_eq!(row, &format!("repeated {same_as}")),
            Expected::Refused { refuse, external_id } => {
                assert_eq!(row, &format!("refused {refuse} {external_id}"), "row {at}");
            }
            Expected::Accepted { external_id, bank_code, kind, amount, requested_at, .. } => {
                assert!(row.starts_with("accepted"), "row {at}: {row}");
                let action = actions.next().unwrap();
                assert_eq!(action.external_id.expose(), external_id);
                assert_eq!(action.bank.as_str(), bank_code, "{external_id}");
                assert_eq!(action.kind.as_str(), kind, "{external_id}");
                assert_eq!(action.disputed, Some(Paise::from_rupees(*amount)), "{external_id}");
                assert_eq!(action.requested_at, india(requested_at), "{external_id}");
                let Expected::Accepted { delivered, complete, status, held, .. } = expected else {
                    unreachable!()
                };
                assert_eq!(action.delivered_at.is_some(), *delivered, "{external_id}");
                assert_eq!(action.complete, *complete, "{external_id}");
                assert_eq!(action.status.as_str(), status, "{external_id}");
                assert_eq!(action.lien_amount, held.map(Paise::from_rupees), "{external_id}");
                assert_eq!(action.acted_at.is_some(), status == "acted", "{external_id}");
                assert_eq!(action.contacts > 0, action.last_contact_at.is_some(), "{external_id}");
            }
        }
    }
    assert!(actions.next().is_none());
}

#[test]
fn every_row_of_the_workbook_is_as_the_truth_says() {
    every_row_is_as_the_truth_says("case_export.xlsx");
}

#[test]
fn every_row_of_the_csv_file_is_as_the_truth_says() {
    every_row_is_as_the_truth_says("case_export.csv");
}

#[test]
fn workbook_and_csv_file_say_the_same_row_for_row() {
    let (xlsx, csv) = (read(&file("case_export.xlsx")), read(&file("case_export.csv")));
    assert_eq!(story(&xlsx), story(&csv));
    assert_ne!(xlsx.sha256, csv.sha256);
    assert_eq!((xlsx.skipped.blank, xlsx.skipped.total, csv.skipped.total), (6, 1, 0));
}

#[test]
fn the_outcome_counts_what_the_truth_counts() {
    let (outcome, truth) = (read(&file("case_export.xlsx")).outcome(), truth());
    assert_eq!(outcome.rows, truth.rows);
    assert_eq!(outcome.accepted, truth.accepted);
    assert_eq!(outcome.refused, truth.refused);
    assert_eq!(outcome.repeated, truth.repeated);
    assert_eq!(outcome.incomplete, truth.incomplete);
    assert_eq!(outcome.undelivered, truth.undelivered);
    let by_status: BTreeMap<String, usize> =
        outcome.by_status.iter().map(|(status, n)| (status.to_string(), *n)).collect();
    assert_eq!(by_status, truth.by_status);
    let pending: Paise = read(&file("case_export.csv"))
        .accepted
        .iter()
        .filter(|row| row.action.status.as_str() == "pending")
        .filter_map(|row| row.action.disputed)
        .sum();
    assert_eq!(pending, Paise::from_rupees(truth.amount_pending));
}

/// Whether a text holds any of these values: words as they are, long codes and numbers within
/// the text's own runs of letters and digits.
fn leak<'v>(text: &str, values: &'v BTreeSet<String>) -> Option<&'v String> {
    let is_code = |text: &str| text.len() >= 8 && text.chars().all(char::is_alphanumeric);
    let runs: BTreeSet<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|run| is_code(run)).collect();
    let runs = runs.into_iter().collect::<Vec<_>>().join(" ");
    values.iter().find(|value| {
        let within = if is_code(value) { &runs } else { text };
        within.contains(value.as_str())
    })
}

#[test]
fn nothing_of_a_private_column_is_kept_or_said() {
    let bytes = file("case_export.csv");
    let mut reader = csv::ReaderBuilder::new().from_reader(&bytes[3..]);
    // Name, mobile, branch code, account number, remarks.
    let private: BTreeSet<String> = reader
        .records()
        .flat_map(|record| {
            let record = record.unwrap();
            [4, 5, 7, 8, 20].map(|at| record[at].to_owned())
        })
        .filter(|value| !value.is_empty())
        .collect();
    assert!(private.len() > 1500);
    for name in ["case_export.csv", "case_export.xlsx"] {
        let imported = read(&file(name));
        let whole = serde_json::to_string(&imported).unwrap() + &format!("{imported:?}");
        assert_eq!(leak(&whole, &private), None, "{name}");
        // A case's identifiers are kept for the case source, and said nowhere.
        let said = serde_json::to_string(&imported.outcome()).unwrap()
            + &imported.report()
            + &format!("{:?}", imported.rejected().collect::<Vec<_>>());
        let cases: BTreeSet<String> = imported
            .accepted
            .iter()
            .flat_map(|row| [row.action.external_id.expose(), row.action.case_ref.expose()])
            .map(str::to_owned)
            .collect();
        assert_eq!(leak(&said, &cases), None, "{name}");
        assert_eq!(leak(&said, &private), None, "{name}");
        assert!(leak(&whole, &cases).is_some(), "the search finds what is there");
    }
}

/// What waits for a second person becomes exactly what the file became, and holds no more than that
/// needs: of the account numbers and sections, which rows have the same.
#[test]
fn what_is_taken_from_a_file_becomes_what_the_file_becomes() {
    let mapping = Mapping::parse(EXAMPLE).unwrap();
    for name in ["case_export.csv", "case_export.xlsx"] {
        let extract = Extract::of(&file(name), &mapping).unwrap();
        let kept = serde_json::to_string(&extract).unwrap();
        let extract: Extract = serde_json::from_str(&kept).unwrap();
        let imported = extract.judge(&mapping, banks(), as_of(), &mut |_| {});
        assert_eq!(imported, read(&file(name)));
        assert_eq!(imported.outcome(), read(&file(name)).outcome());
        assert!(kept.contains("REQ/2026/100001") && !kept.contains("BNSS"), "{name}");
    }
    let other = row(&[("Account No", "111222333444"), ("विवादित राशि (₹)", "0.1")]);
    let extract = Extract::of(&sheet(&[row(&[]), other]), &mapping).unwrap();
    let kept = serde_json::to_string(&extract).unwrap();
    assert!(!kept.contains("111222333444") && !kept.contains("74391500080"), "{kept}");
}

#[test]
fn progress_ends_at_the_number_of_rows() {
    let mut seen = Vec::new();
    let mapping = Mapping::parse(EXAMPLE).unwrap();
    let mut note = |progress| seen.push(progress);
    import::read(&file("case_export.csv"), &mapping, banks(), as_of(), &mut note).unwrap();
    assert_eq!(seen.last(), Some(&Progress { done: 615, total: 615 }));
    assert!(seen.is_sorted_by_key(|progress| progress.done));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_damaged_file_is_refused_or_read_and_never_stops_the_program(
        name in prop::sample::select(&["case_export.csv", "case_export.xlsx"][..]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = file(name);
        bytes.truncate(cut.index(bytes.len()) + 1);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read_by(EXAMPLE, &bytes);
        // Whole again, but for the flipped bytes.
        let mut whole = file(name);
        let n = bytes.len().min(200);
        whole[..n].copy_from_slice(&bytes[..n]);
        let _ = read_by(EXAMPLE, &whole);
    }
}

// --- rows of our own ----------------------------------------------------------------------

const HEADING: [&str; 21] = [
    "क्र.सं.",
    "Request ID",
    "Acknowledgement No",
    "FIR No",
    "पीड़ित का नाम",
    "Mobile No",
    "लाभार्थी बैंक",
    "IFSC",
    "Account No",
    "Layer",
    "विवादित राशि (₹)",
    "अनुरोध का प्रकार",
    "Section",
    "Request Sent On",
    "Delivered On",
    "Bank Response",
    "Response Date",
    "Amount Put on Hold",
    "Reminders",
    "Last Reminder",
    "Remarks",
];

/// A row that is accepted, with some cells changed.
fn row(changes: &[(&str, &str)]) -> Vec<String> {
    let mut cells: Vec<String> = [
        "1",
        "REQ/1",
        "33608377835337",
        "FIR 1/2026",
        "A. Person",
        "9068124158",
        "चिनार बैंक",
        "ZCHN0532380",
        "74391500080",
        "L1",
        "₹61,000",
        "lien",
        "106 BNSS",
        "17/11/2026 20:05",
        "17/11/2026 21:09",
        "Pending",
        "",
        "",
        "0",
        "",
        "",
    ]
    .map(str::to_owned)
    .into();
    for (heading, value) in changes {
        let at = HEADING.iter().position(|known| known == heading).unwrap();
        cells[at] = (*value).to_owned();
    }
    cells
}

fn sheet(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_record(HEADING).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

fn refusal(changes: &[(&str, &str)]) -> Option<RefusalCode> {
    let imported = read(&sheet(&[row(changes)]));
    assert_eq!(imported.total(), 1);
    imported.refused.first().map(|row| row.refusal.code)
}

#[test]
fn a_row_is_refused_for_what_is_wrong_with_it() {
    use RefusalCode::*;
    for (heading, value, code) in [
        ("Request ID", "", NoId),
        ("Request ID", "-", NoId),
        ("Request ID", "3.36084E+13", DigitsLost),
        ("Request ID", "=ROW()", Formula),
        ("FIR No", "3.36084E+13", DigitsLost),
        ("IFSC", "ZCHN", UnknownBank),
        ("IFSC", "QQQQ0000001", UnknownBank),
        ("IFSC", "ZNMN0532380", BanksDisagree),
        ("लाभार्थी बैंक", "Neem Bank", BanksDisagree),
        ("अनुरोध का प्रकार", "Do the needful", UnknownKind),
        ("अनुरोध का प्रकार", "", UnknownKind),
        ("Bank Response", "???", UnknownStatus),
        ("Bank Response", "", UnknownStatus),
        ("विवादित राशि (₹)", "-5000", NegativeAmount),
        ("विवादित राशि (₹)", "5 lakh approx", AmountIsText),
        ("विवादित राशि (₹)", "=HYPERLINK(\"http://127.0.0.1/\",\"x\")", Formula),
        ("विवादित राशि (₹)", "+SUM(A1)", Formula),
        ("Amount Put on Hold", "-1", NegativeAmount),
        ("Layer", "third", NotANumber),
        ("Layer", "2026", NotANumber),
        ("Layer", "-1", NotANumber),
        ("Layer", "\u{2212}१", NotANumber),
        ("Last Reminder", "17/11/2026 20:04", RemindedBeforeSent),
        ("Reminders", "-1", NotANumber),
        ("Reminders", "often", NotANumber),
        ("Request Sent On", "", NoTime),
        ("Request Sent On", "31-02-2026 10:00 AM", ImpossibleDate),
        ("Request Sent On", "17/11/2026", ImpossibleDate),
        ("Request Sent On", "21/11/2026 10:00", DeliveredBeforeSent),
        ("Delivered On", "01/10/2026 09:00", DeliveredBeforeSent),
        ("Delivered On", "17/11/2027 21:09", InFuture),
        ("Delivered On", "soon", ImpossibleDate),
    ] {
        assert_eq!(refusal(&[(heading, value)]), Some(code), "{heading}: {value}");
    }
    let future = [("Request Sent On", "20/11/2026 18:01"), ("Delivered On", "")];
    assert_eq!(refusal(&future), Some(InFuture));
    let acted = [("Bank Response", "Provided"), ("Response Date", "17/11/2026 20:04")];
    assert_eq!(refusal(&acted), Some(ActedBeforeSent));
    let acted = |at| [("Bank Response", "Provided"), ("Response Date", at)];
    assert_eq!(refusal(&acted("20/11/2026 18:01")), Some(InFuture));
    assert_eq!(refusal(&acted("20/11/2026 18:00")), None);
    let more = [("Amount Put on Hold", "61001"), ("Last Reminder", "21/11/2026 10:00")];
    assert_eq!(refusal(&[&acted("20/11/2026 18:00")[..], &more].concat()), None);
    let both = [("Response Date", "18/11/2026 10:00"), ("Amount Put on Hold", "₹30,000")];
    assert_eq!(refusal(&both[..1]), Some(ActedWhilePending));
    assert_eq!(refusal(&both[1..]), Some(ActedWhilePending));
    assert_eq!(refusal(&[("Amount Put on Hold", "0")]), None);
    let disputed = [&both[..1], &[("Bank Response", "Needs court order")]].concat();
    assert_eq!(refusal(&disputed), None, "a bank that disputes it has answered");
    assert_eq!(refusal(&[("FIR No", ""), ("Acknowledgement No", "")]), Some(NoCaseRef));
    assert_eq!(refusal(&[("IFSC", ""), ("लाभार्थी बैंक", "")]), Some(UnknownBank));
}

#[test]
fn a_row_is_read_through_its_dress() {
    for changes in [
        &[][..],
        &[("Request ID", "\u{a0}REQ/1\u{200b} ")],
        &[("IFSC", " zchn0532380 ")],
        &[("IFSC", "")],
        &[("लाभार्थी बैंक", "")],
        &[("लाभार्थी बैंक", "Chinar  BANK")],
        &[("लाभार्थी बैंक", "some spelling nobody knows")],
        &[("Layer", "Layer - 1")],
        &[("Layer", "१")],
        &[("विवादित राशि (₹)", "₹ ६१,०००")],
        &[("विवादित राशि (₹)", "Rs. 61,000/-")],
        &[("अनुरोध का प्रकार", "LIEN\u{a0}Marking")],
        &[("Bank Response", "लं\u{200d}बित ")],
        &[("Request Sent On", "17-11-2026 08:05 pm")],
        &[("Request Sent On", "2026-11-17 20:05:00")],
        &[("Reminders", "")],
    ] {
        let (plain, dressed) = (read(&sheet(&[row(&[])])), read(&sheet(&[row(changes)])));
        assert_eq!(dressed.accepted, plain.accepted, "{changes:?} {:?}", dressed.refused);
    }
}

#[test]
fn a_request_is_complete_only_with_case_section_account_and_amount() {
    let complete = |changes: &[(&str, &str)]| {
        let imported = read(&sheet(&[row(changes)]));
        imported.accepted[0].action.complete
    };
    assert!(complete(&[]));
    for (heading, value) in [
        ("FIR No", ""),
        ("Section", ""),
        ("Section", "\u{a0}"),
        ("Account No", ""),
        ("Account No", "N/A"),
        ("Account No", "--"),
        ("विवादित राशि (₹)", ""),
        ("विवादित राशि (₹)", "0.00"),
    ] {
        assert!(!complete(&[(heading, value)]), "{heading}: {value}");
    }
}

#[test]
fn without_proof_of_delivery_there_is_no_delivery() {
    let imported = read(&sheet(&[row(&[("Delivered On", "n/a")])]));
    assert_eq!(imported.accepted[0].action.delivered_at, None);
}

#[test]
fn a_branch_under_anothers_prefix_goes_to_its_owner() {
    let sublets = "ifsc,bank_code,name_en,match\nZCHN0532,ZNMN,Neem Bank,prefix\n";
    let list =
        INVENTED_BANKS.replace("class\n", "class,merged_into\n").replace("public\n", "public,\n");
    let list: String = list
        .lines()
        .map(|line| if line.matches(',').count() == 4 { line.into() } else { format!("{line},") })
        .collect::<Vec<String>>()
        .join("\n");
    let banks = Directory::new(&list, sublets).unwrap();
    let mapping = Mapping::parse(EXAMPLE).unwrap();
    // The sheet names the prefix's bank, as whoever filled it looked it up.
    let bytes = sheet(&[row(&[])]);
    let imported = import::read(&bytes, &mapping, &banks, as_of(), &mut |_| {}).unwrap();
    assert_eq!(imported.accepted[0].action.bank.as_str(), "ZNMN");
}

#[test]
fn of_two_rows_with_one_identifier_the_first_stands() {
    let imported = read(&sheet(&[row(&[]), other(), row(&[])]));
    assert_eq!(imported.accepted.len(), 1);
    assert_eq!(imported.accepted[0].action.disputed, Some(Paise::from_rupees(61_000)));
    assert_eq!(imported.refused[0].refusal.code, RefusalCode::Conflict);
    assert_eq!(imported.refused[0].row, 3);
    assert!(imported.refused[0].refusal.reason.contains("line 2"));
    assert_eq!((imported.repeated[0].row, imported.repeated[0].first), (4, 2));

    // Another account is another request, though the account itself is not kept.
    let imported = read(&sheet(&[row(&[]), row(&[("Account No", "111222333444")])]));
    assert_eq!(imported.refused[0].refusal.code, RefusalCode::Conflict);
}

#[test]
fn a_refused_row_does_not_stand_in_the_way_of_its_correction() {
    let codes = |imported: &Imported| {
        imported.refused.iter().map(|row| row.refusal.code).collect::<Vec<_>>()
    };
    let broken = row(&[("विवादित राशि (₹)", "5 lakh approx")]);
    let still = row(&[("विवादित राशि (₹)", "about 61000")]);
    let imported = read(&sheet(&[broken.clone(), still, row(&[]), broken, row(&[]), other()]));
    assert_eq!((imported.accepted.len(), imported.accepted[0].row), (1, 4));
    use RefusalCode::{AmountIsText, Conflict, ImpossibleDate, UnknownStatus};
    assert_eq!(codes(&imported), [AmountIsText, AmountIsText, Conflict]);
    let repeated: Vec<_> = imported.repeated.iter().map(|row| (row.row, row.first)).collect();
    assert_eq!(repeated, [(5, 2), (6, 4)]);
    assert!(imported.refused[2].refusal.reason.contains("line 4"), "the one that stands");

    // But nobody is accused where the first row may have said that the bank has answered.
    let acted = row(&[("Bank Response", "Lien marked"), ("Response Date", "soon")]);
    let unknown = row(&[("Bank Response", "???")]);
    for (first, code) in [(acted, ImpossibleDate), (unknown, UnknownStatus)] {
        let imported = read(&sheet(&[first.clone(), row(&[])]));
        assert_eq!((imported.accepted.len(), codes(&imported)), (0, vec![code, Conflict]));
        let reason = &imported.refused[1].refusal.reason;
        assert!(reason.contains("line 2") && reason.contains("could not be read"), "{reason}");
        let mended = row(&[("Bank Response", "Lien marked"), ("Response Date", "")]);
        assert_eq!(read(&sheet(&[first, mended])).accepted.len(), 1);
    }
}

/// The first row with another amount.
fn other() -> Vec<String> {
    row(&[("विवादित राशि (₹)", "777")])
}

#[test]
fn a_repeat_in_other_clothes_is_a_repeat() {
    let again = row(&[
        ("क्र.सं.", "7"),
        ("विवादित राशि (₹)", "61000.00"),
        ("Request Sent On", "2026-11-17 20:05:00"),
        ("Remarks", "sent twice"),
    ]);
    let imported = read(&sheet(&[row(&[]), again]));
    assert_eq!((imported.accepted.len(), imported.repeated.len()), (1, 1));
}

#[test]
fn blank_rows_sums_and_repeated_headings_are_skipped() {
    let cells = |filled: &[(usize, &str)]| {
        let mut cells = vec![String::new(); 21];
        for (at, text) in filled {
            cells[*at] = (*text).to_owned();
        }
        cells
    };
    let imported = read(&sheet(&[
        cells(&[]),
        cells(&[(0, "2")]),
        row(&[]),
        cells(&[(1, " \u{a0}"), (20, "a remark alone")]),
        HEADING.map(str::to_owned).into(),
        cells(&[(0, "कुल"), (10, "61,000")]),
        cells(&[(6, "Grand Total:"), (10, "=SUM(K2:K9)"), (17, "=SUM(R2:R9)")]),
        cells(&[(1, "Total (Rs.)"), (10, "₹61,000")]),
        row(&[("Request ID", "")]),
    ]));
    assert_eq!(imported.accepted.len(), 1);
    assert_eq!(
        (imported.skipped.blank, imported.skipped.heading, imported.skipped.total),
        (3, 1, 3)
    );
    assert_eq!(imported.refused.len(), 1, "a request without identifier is no sum");
}

#[test]
fn the_heading_is_found_below_a_title_and_must_be_whole() {
    let titled = |title: &str| [title.as_bytes(), b"\n\n", &sheet(&[row(&[])])].concat();
    let title = "Cyber police (sample): bank requests,,,";
    let imported = read(&titled(title));
    // The title, an empty line, the heading, the row.
    assert_eq!(imported.accepted[0].row, 4);
    let windows = String::from_utf8(titled(title)).unwrap() + "\n\n" + &row(&[]).join(",");
    let windows = windows.replace("₹61,000", "61000").replace('\n', "\r\n");
    let imported = read(windows.as_bytes());
    assert_eq!((imported.repeated[0].row, imported.skipped.blank), (7, 2));

    let text = String::from_utf8(sheet(&[row(&[])])).unwrap();
    let error = read_by(EXAMPLE, text.replace("Bank Response", "Reply").as_bytes()).unwrap_err();
    assert!(error.to_string().ends_with("missing: Bank Response"), "{error}");
    let error = read_by(EXAMPLE, text.replace("Remarks", "IFSC").as_bytes()).unwrap_err();
    assert!(matches!(error, ImportError::TwoColumns { .. }), "{error}");
    let first = EXAMPLE.replace("# header_row = 3", "header_row = 1");
    assert!(matches!(
        read_by(&first, &titled("a title")).unwrap_err(),
        ImportError::HeadingElsewhere { .. }
    ));
}

#[test]
fn encodings_and_delimiters_of_real_spreadsheet_programs() {
    let text = String::from_utf8(sheet(&[row(&[])])).unwrap();
    let plain = read(text.as_bytes());
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&wide).accepted, plain.accepted);
    let windows = read(text.replace('\n', "\r\n").as_bytes());
    assert_eq!((windows.accepted, windows.skipped), (plain.accepted.clone(), plain.skipped));
    let semicolons = EXAMPLE.replace("delimiter = \",\"", "delimiter = \";\"");
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(HEADING).unwrap();
    writer.write_record(row(&[])).unwrap();
    let bytes = writer.into_inner().unwrap();
    assert_eq!(read_by(&semicolons, &bytes).unwrap().accepted, plain.accepted);
    // The mapping says comma, the file says plainly what it has.
    let by_comma = read(&bytes);
    assert_eq!((by_comma.accepted, by_comma.refused.len()), (plain.accepted.clone(), 0));
    assert_eq!(read_by(&semicolons, text.as_bytes()).unwrap().accepted, plain.accepted);
    let mut writer = csv::WriterBuilder::new().delimiter(b'\t').from_writer(Vec::new());
    writer.write_record(HEADING).unwrap();
    writer.write_record(row(&[])).unwrap();
    assert_eq!(read(&writer.into_inner().unwrap()).accepted, plain.accepted);
    let error =
        read_by(EXAMPLE, String::from_utf8(bytes).unwrap().replace("IFSC", "Branch").as_bytes());
    assert!(error.unwrap_err().to_string().ends_with("missing: IFSC"));

    let latin = [text.as_bytes(), b"\xe9"].concat();
    assert!(matches!(read_by(EXAMPLE, &latin).unwrap_err(), ImportError::Encoding));
    let old = [0xD0, 0xCF, 0x11, 0xE0, 0, 0];
    assert!(matches!(read_by(EXAMPLE, &old).unwrap_err(), ImportError::OldOrLocked));
    let cut = &file("case_export.xlsx")[..5000];
    assert!(matches!(read_by(EXAMPLE, cut).unwrap_err(), ImportError::Damaged));
}

#[test]
fn a_file_that_is_refused_whole_is_told_why() {
    let said = |mapping: &str, bytes: &[u8]| read_by(mapping, bytes).unwrap_err().to_string();
    for empty in [&b""[..], b"\n\r\n", b"\xef\xbb\xbf"] {
        assert_eq!(said(EXAMPLE, empty), "the file is empty");
    }
    let other = said(EXAMPLE, b"name,amount\nsomebody,5\n");
    assert!(other.contains("is it the right file") && !other.contains("missing"), "{other}");
    assert!(said(EXAMPLE, b"\x89PNG\r\n\x1a\n").contains("neither a workbook"));
    assert!(said(EXAMPLE, b"PK\x03\x04 a document").contains("no .xlsx workbook"));
    let deep = ["a title\n".repeat(40).as_bytes(), &sheet(&[row(&[])])].concat();
    let deep = said(EXAMPLE, &deep);
    assert!(deep.contains("line 41") && deep.contains("first 30 lines"), "{deep}");
    let second = EXAMPLE.replace("# header_row = 3", "header_row = 2");
    let above = said(&second, &sheet(&[row(&[])]));
    assert!(above.contains("line 1") && above.contains("in line 2 alone"), "{above}");
    let wide = EXAMPLE.replace("header_within = 30", "header_within = 41");
    let deep = ["a title\n".repeat(40).as_bytes(), &sheet(&[row(&[])])].concat();
    assert_eq!(read_by(&wide, &deep).unwrap().accepted.len(), 1);
}

#[test]
fn a_stray_comma_or_quote_moves_no_cell_unseen() {
    let text = String::from_utf8(sheet(&[row(&[]), row(&[("Request ID", "REQ/2")])])).unwrap();
    // An amount with commas and without quotes pushes all that follows to the right.
    let moved = text.replacen("\"₹61,000\"", "₹61,000", 1);
    let imported = read(moved.as_bytes());
    assert_eq!(imported.refused[0].refusal.code, RefusalCode::CellCount);
    assert_eq!(imported.accepted.len(), 1);

    // A quote that joins cells of one row.
    let joined = text.replacen("A. Person", "\"A. Person", 1);
    let imported = read(joined.as_bytes());
    assert_eq!(imported.refused[0].refusal.code, RefusalCode::CellCount);
    assert_eq!(imported.accepted.len(), 1);
    // A quote that swallows the rows below it.
    let many = sheet(&vec![row(&[("विवादित राशि (₹)", "61000")]); 40]);
    let open = String::from_utf8(many).unwrap().replacen("A. Person", "\"A. Person", 1);
    assert!(matches!(
        read_by(EXAMPLE, open.as_bytes()).unwrap_err(),
        ImportError::OpenQuote { line: 2 }
    ));
}

#[test]
fn a_mapping_that_contradicts_itself_does_not_load() {
    for (from, to, told) in [
        ("\"होल्ड\"]", "\"होल्ड\", \"LIEN\"]", "cannot mean both"),
        ("zone = \"Asia/Kolkata\"", "zone = \"Asia/Gurugram\"", "times.zone"),
        ("\"%d/%m/%Y %H:%M\",", "\"%d/%m/%Y\",", "times.formats"),
        ("delimiter = \",\"", "delimiter = \"::\"", "file.delimiter"),
        ("layer = \"Layer\"", "layre = \"Layer\"", "layre"),
        ("kind = \"अनुरोध का प्रकार\"", "", "kind"),
        ("lien = [\"lien\",", "loan = [\"lien\",", "loan"),
        ("external_id = \"Request ID\"", "external_id = \" \"", "columns.external_id"),
    ] {
        assert!(EXAMPLE.contains(from), "{from}");
        let error = Mapping::parse(&EXAMPLE.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn a_sheet_can_be_named() {
    let named = EXAMPLE.replace("# sheet =", "sheet =");
    assert_eq!(read_by(&named, &file("case_export.xlsx")).unwrap().total(), 615);
    let summary = EXAMPLE.replace("# sheet = \"अनुरोध\"", "sheet = \"Summary\"");
    assert!(matches!(
        read_by(&summary, &file("case_export.xlsx")).unwrap_err(),
        ImportError::AnotherFile { .. }
    ));
    let wrong = EXAMPLE.replace("# sheet = \"अनुरोध\"", "sheet = \"March\"");
    let error = read_by(&wrong, &file("case_export.xlsx")).unwrap_err().to_string();
    assert!(error.contains("अनुरोध, Summary"), "{error}");
}

/// One row as a workbook, its dates of the spreadsheet's own kind: each a day, a time of that day and
/// the number format that shows it.
fn workbook(sent: (u8, u16, &str), delivered: (u8, u16, &str)) -> Vec<u8> {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, HEADING).unwrap();
    sheet.write_row(1, 0, row(&[])).unwrap();
    for (column, (day, hour, format)) in [(13, sent), (14, delivered)] {
        let at = ExcelDateTime::from_ymd(2026, 11, day).unwrap().and_hms(hour, 0, 0.0).unwrap();
        let format = Format::new().set_num_format(format);
        sheet.write_datetime_with_format(1, column, &at, &format).unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn a_typed_date_whose_format_shows_no_hour_has_none() {
    let with_hour = (18, 10, "dd/mm/yyyy h:mm");
    for format in ["dd/mm/yyyy", "[$-4009]dd\\ mmmm\\ yyyy;@", "d-mmm-yy", "yyyy\" h\""] {
        let imported = read(&workbook((17, 0, format), with_hour));
        assert_eq!(imported.refused[0].refusal.code, RefusalCode::ImpossibleDate, "{format}");
        let column = imported.refused[0].refusal.column.as_deref();
        assert_eq!(column, Some("Request Sent On"));
        let imported = read(&workbook((17, 20, "dd/mm/yyyy HH:mm"), (18, 0, format)));
        let column = imported.refused[0].refusal.column.as_deref();
        assert_eq!(column, Some("Delivered On"), "{format}");
        // The hour is there, and only not shown.
        let imported = read(&workbook((17, 20, format), with_hour));
        assert_eq!(imported.accepted[0].action.requested_at, india("2026-11-17T20:00:00"));
    }
    for format in ["dd/mm/yyyy hh:mm", "yyyy-mm-dd h:mm:ss", "m/d/yy h:mm AM/PM"] {
        let imported = read(&workbook((17, 0, format), with_hour));
        assert_eq!(imported.accepted[0].action.requested_at, india("2026-11-17T00:00:00"));
    }
}

#[test]
fn the_report_names_each_refused_row() {
    let imported = read(&file("case_export.xlsx"));
    let report = imported.report();
    for row in &imported.refused {
        assert!(report.contains(&format!("row {}: {}", row.row, row.refusal.reason)));
    }
    assert!(report.starts_with("615 rows, true as of 2026-11-20T12:30:00Z"), "{report}");
}
