//! One small story for each idea of the guard that the generator does not reach.

use takaza::domain::leak_guard::findings;

fn refused(texts: &[&str]) {
    for text in texts {
        assert!(!findings(text).is_empty(), "passed: {text:?}");
    }
}

fn passed(texts: &[&str]) {
    for text in texts {
        assert!(findings(text).is_empty(), "refused {:?}: {text:?}", findings(text));
    }
}

#[test]
fn letters_that_are_said_are_letters() {
    refused(&[
        "PAN oscar uniform bravo charlie romeo three seven three five oscar",
        "PAN A for Apple B for Ball C for Cat P for Parrot E for Elephant 1234 F for Fish",
    ]);
    passed(&["Hotel India, Sector 44: awareness camp by our Delta and Echo teams, 120 seats."]);
}

#[test]
fn a_sign_that_may_be_a_letter_is_read_both_ways() {
    refused(&[
        "pan number IGV\u{1F17E}PC5\u{1F17E}236\u{1F17E}J",
        "PAN RVN|HN|3|99|7L",
        "PAN A8CPE12E4F",
        "PAN ΑВСРЕ1234Ғ",
        "L1 987, L2 654, L3 3210",
        "mobile 98 L1 23 45 67",
        "98\u{1F17E}7654321 phone",
    ]);
    passed(&[
        "L1: 12 | L2: 7 | L3: 4 | total 23",
        "Layers: L1 11, L2 19, L3 12. Total 36 requests, ₹89,900.",
        "Layer 1 - 12, Layer 2 - 19, Layer 3 - 120 requests",
    ]);
}

#[test]
fn an_address_is_put_together_however_its_letters_stand_apart() {
    refused(&[
        "write to r - a - h - u - l - _ - 9 - 1 - @ - s - t - a - r - t - u - p - . - i - o",
        "VPA asha.rani [at] a x l",
        "mail **jaspal**@**hotmail.com**",
        "contact gurpreet _at_ yahoo.co.in",
        "money to pooja AT paytm",
    ]);
    passed(&["cc @police_haryana @peepal.bank: 44 requests pending."]);
}

#[test]
fn a_case_has_a_number_and_a_year() {
    refused(&[
        "case no. 448/2025 is pending",
        "case no. one zero four three of 2026",
        "FIR 810-25 registered",
        "842 (year 2026) (FIR)",
        "FIR 36 2025 registered",
    ]);
    passed(&["FIRs: 12 of 26 charge-sheeted", "In 1 case no reply came in 2026."]);
}

#[test]
fn words_and_signs_between_the_pieces_make_no_list_of_them() {
    refused(&[
        "call 862 and 6577 and 47 and 8 now",
        "Second hop: 14509 uske baad 6310 uske baad 6961",
        "SMS from 94557 fir 1173 fir 3 today",
        "Caller used 99173, 8748, 1 since 09:30 IST",
        "transaction 39212/9/6960/88",
        "call #793 #7434 #741",
        "Beneficiary: 99264 ... 19709, 3 reminders sent",
        "complainant (6751XX9899) is waiting",
    ]);
    passed(&[
        "612 complaints, 279 calls and 53 arrests",
        "Pending, acted, disputed: 612, 279 and 53",
        "Score 450/330/120",
        "PINs such as 1234, 0000 and 1111 are unsafe. Change yours today.",
        "FIRs registered: 43134; solved 46693 (40.76 %).",
    ]);
}

#[test]
fn places_and_papers_of_an_office_are_what_they_are() {
    passed(&[
        "Camp at Apparel House, Gurugram-122018. 833 students came.",
        "DoR.AML.REC.48/14.01.001 dated 9 June 2025: banks act within 10 hours.",
        "as of 20260108 1544 hrs",
        "BNSS 2023, s. 94 & s. 106; BNS s. 318(4), 319(2), 336(3), 338",
        "See https://www.facebook.com/unit/posts/838458925768751 for details.",
        "See https://x.com/i/web/status/1057610624998334707",
    ]);
}

#[test]
fn small_letters_make_a_pan_only_where_the_last_is_no_word() {
    refused(&["holder abcpe 1234 f has it"]);
    passed(&["a total 1234 a day", "36 PAN cards, 8734 Aadhaar cards", "Seats: 2091. Entry free."]);
}
