//! What the directory answers, and what does not load.

use super::{lists::SubletLine, *};

const BANKS: &str = "bank_code,name_en,name_hi,class,merged_into\n\
    ZPPL,Peepal Bank,पीपल बैंक,public,\n\
    ZNMN,Neem Bank,नीम बैंक,public,ZPPL\n\
    ZBRG,Bargad Bank,बरगद बैंक,public,ZNMN\n\
    ZKCH,Kachnar Sahakari Bank,,urban_co_operative,\n\
    ZPLS,Kachnar Sahakari Bank,,urban_co_operative,\n";
const SUBLETS: &str = "ifsc,bank_code,name_en,match\n\
    ZPPL0AB,ZKCH,Kachnar Sahakari Bank,prefix\n\
    ZPPL0AB0001,ZPLS,Kachnar Sahakari Bank,branch\n\
    ZPPL0ABC,ZXXX,Champa Sahakari Bank,prefix\n\
    ZPPL0NAMELE,,Chameli Sahakari Bank,branch\n\
    ZPPL0OLD,ZBRG,Bargad Bank,prefix\n";

fn directory() -> Directory {
    Directory::new(BANKS, SUBLETS).unwrap()
}

fn code(text: &str) -> Option<BankCode> {
    Some(BankCode::new(text))
}

/// Compared by its text, for what must not load.
fn error(banks: &str, sublets: &str) -> String {
    Directory::new(banks, sublets).unwrap_err().to_string()
}

#[test]
fn the_prefix_alone_accuses_the_wrong_bank() {
    let banks = directory();
    assert_eq!(banks.by_ifsc("ZPPL0123456"), code("ZPPL"));
    // Each of these begins with Peepal Bank's letters and is another bank's branch.
    assert_eq!(banks.by_ifsc("ZPPL0AB9999"), code("ZKCH"));
    assert_eq!(banks.by_ifsc("ZPPL0AB0001"), code("ZPLS"), "the whole code beats its beginning");
    assert_eq!(banks.by_ifsc("ZPPL0ABC999"), code("ZXXX"), "the longer beginning wins");
    assert_eq!(banks.by_ifsc("ZPPL0NAMELE"), None, "no code of its own, so no accusation");
    assert_eq!(banks.by_prefix("ZPPL0AB9999"), code("ZPPL"));
}

#[test]
fn a_sublet_of_a_merged_bank_goes_to_the_bank_it_went_into() {
    assert_eq!(directory().by_ifsc("ZPPL0OLD001"), code("ZPPL"));
}

#[test]
fn a_bank_known_only_from_the_sublets_is_in_the_directory() {
    let banks = directory();
    let bank = banks.bank(&BankCode::new("ZXXX")).unwrap();
    assert_eq!((bank.name_en.as_str(), bank.class), ("Champa Sahakari Bank", BankClass::Unlisted));
}

#[test]
fn only_a_whole_branch_code_resolves() {
    let banks = directory();
    assert_eq!(banks.by_ifsc(" zppl0123456\u{a0}"), code("ZPPL"));
    for text in [
        "",
        "ZPPL",
        "ZPPL0",
        "ZPPL012345",
        "ZPPL01234567",
        "ZPPL1123456",
        "Z9PL0123456",
        "ZPPL0 23456",
        "ZPPL०123456",
        "QQQQ0000001",
    ] {
        assert_eq!(banks.by_ifsc(text), None, "{text:?}");
    }
}

#[test]
fn a_name_resolves_in_either_script_unless_two_banks_bear_it() {
    let banks = directory();
    assert_eq!(banks.by_name("  PEEPAL   bank"), code("ZPPL"));
    assert_eq!(banks.by_name("पीपल बैंक"), code("ZPPL"));
    assert_eq!(banks.by_name("बरगद बैंक"), code("ZPPL"), "mergers are followed to their end");
    assert_eq!(banks.by_name("Kachnar Sahakari Bank"), None);
    assert_eq!(banks.by_name("Some Bank"), None);
}

#[test]
fn a_broken_list_does_not_load_and_the_line_is_named() {
    let circle = "bank_code,name_en,name_hi,class,merged_into\n\
        ZPPL,Peepal Bank,,public,ZNMN\nZNMN,Neem Bank,,public,ZPPL\n";
    assert!(error(circle, SUBLETS).starts_with("banks.csv, line 2: the mergers of ZPPL"));
    let twice = "bank_code,name_en,name_hi,class,merged_into\n\
        ZPPL,Peepal Bank,,public,\nZPPL,Neem Bank,,public,\n";
    assert!(error(twice, SUBLETS).contains("line 3: the code ZPPL stands in the lists twice"));
    let lost = "bank_code,name_en,name_hi,class,merged_into\nZPPL,Peepal Bank,,public,ZNMN\n";
    assert!(error(lost, SUBLETS).contains("line 2: ZPPL went into ZNMN"));
    let class = "bank_code,name_en,name_hi,class,merged_into\nZPPL,Peepal Bank,,big,\n";
    assert!(error(class, SUBLETS).contains("line 2: the class \"big\""));
    let heading = "bank_code,name,name_hi,class,merged_into\nZPPL,Peepal Bank,,public,\n";
    assert!(error(heading, SUBLETS).contains("name_en"));
    let sublet = "ifsc,bank_code,name_en,match\nZPPL0A,ZKCH,Kachnar,branch\n";
    assert!(error(BANKS, sublet).starts_with("ifsc_sublets.csv, line 2: \"ZPPL0A\""));
}

#[test]
fn the_compiled_in_lists_load_and_every_sublet_leads_to_its_owner() {
    let banks = Directory::compiled_in().unwrap().with_invented(INVENTED_BANKS).unwrap();
    assert_eq!(banks.by_name("शीशम बैंक"), code("ZSHS"));
    let mut reader = csv::Reader::from_reader(super::SUBLETS.as_bytes());
    for row in reader.deserialize::<SubletLine>() {
        let row = row.unwrap();
        if row.r#match == "branch" {
            let owner = self::code(&row.bank_code).filter(|owner| !owner.as_str().is_empty());
            let owner = owner.map(|owner| banks.resolve(&owner));
            assert_eq!(banks.by_ifsc(&row.ifsc), owner, "{}", row.ifsc);
        }
    }
}
