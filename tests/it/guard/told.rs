//! What a text tells in more words than a sign: numbers in pieces, an at sign said aloud, reports in
//! two sentences; and the ordinary words that look like it.

use super::{passed, refused};

#[test]
fn a_number_told_in_pieces_is_one_number() {
    refused(&[
        "Phone number: the last four are 4321, before that 987 and 650.",
        "pehle 98765 baad me 43210",
        "The mobile number starts with 98765 and ends with 43210",
        "खाता संख्या का पहला भाग 14241915\nदूसरा भाग 8069",
        "Aadhaar first part 518049\nsecond part 588390",
        "Shuru mein 613396 aur aakhir mein 1411, yahi hai phone no.",
        "Last digits of account no are 423448. Put 146635 in front of it.",
        "PAN begins GRHCB, then 9611 and the last letter V",
        "पैन: OXUPH उसके बाद 1718 और आखिरी V",
        "PAN - X for X-ray, S for Sonipat, T for Table, P for Pune, C for Cat, 2844, E for Elephant",
    ]);
    passed(&[
        "Mobile phones: first week 345, second week 678 recovered",
        "Account opening is down 44.9 percent; accounts checked before March: 9677",
        "Beware of numbers starting with +92, +84, +1 or 140. See clause 17.3.4.",
    ]);
}

#[test]
fn an_at_sign_is_said_in_many_ways() {
    refused(&[
        "her VPA poojahooda at rate waicici",
        "mail vikas.dahiya et the rate zoho dot in",
        "UPI: sonia0841\nthen the at sign\nsbi",
        "mail hai monikarathi, phir at the rate, phir yahoo.co.in",
        "Her email is jyoti followed by @ and ymail.com",
        "UPI yogesh_rao❤️@❤️ibl",
        "mgupta50@@gmail.com",
        "मेल मोहित एट द रेट प्रोटॉनमेल डॉट कॉम है",
        "यूपीआई रमेश ऐट पेटीएम",
        "freeze joseph.mehta-@-ybl",
        "write to arjun67 - @ - yahoo.com",
        "neha-zero-eight-ऐट द रेट-oksbi",
        "gurpreet, four, double three, [at], ibl",
        "priya. five. one. at. gmail. dot. com",
        "ramesh 👉 जीरो 👉 चार 👉 एट 👉 icloud 👉 डॉट 👉 com",
        "priyaverma94\n❤️ @\n❤️ oksbi",
    ]);
    passed(&["A UPI id is a name, then the @ sign, then the bank's handle", "Thanks🙏 @Paytm"]);
}

#[test]
fn what_lies_at_a_bank_is_no_address() {
    passed(&[
        "12 requests pending at RBL, 3 at KVB and 1 @ SBI",
        "UPI cases stuck at RBL for 3 days",
        "Ref GGM-957M8 @AxisBank",
        "GGM-AW8YE closed. @IndianBank replied in 77 minutes",
        "1️⃣ @IndianBank 31\n2️⃣ @PhonePe 26",
        "W43 @AxisBank, cybercrime.gov.in @YESBANK, 10:30 am @UCOBank",
        "UPI frauds at Kotak: 19, at RBL: 87",
        "Dial 1930 #Report1930 #Diwali2025 #NEETUG2025 #ISO27001 35 cases",
        "Pending count: 97 @ YES Bank, 71 @ Jio, 9 @ PhonePe. Our camp @ DCB on Sunday",
        "UPI, IMPS, NEFT not available. Regret. – @YESBANK (@PhonePe) @NPCI_BHIM @Paytm",
        "🏦@AxisBank🔴@IndianBank replied",
        "Fraudsters say \"tell me your number at the rate Paytm\". Hang up.",
        "यूपीआई आईडी यानी नाम एट द रेट बैंक",
        "CVE-2024-4577, CVE-2021-44228? Patch Chrome to 126.0.6478.46, WhatsApp 2.24.72.34",
        "Union=98, SBI=63, IDBI=50 as of 17:45 hrs",
        "Week 30: YES 44, ICICI 69, SBI 59",
        "पचपन में से तीस जवाब तो दो @YESBANK",
        "Score out of 100: Peepal Bank 16, SBI 61, SBI 59, PNB 93",
    ]);
    refused(&[
        "UPI ravi at rbl",
        "UPI ravi @ SBI",
        "kavita.k at dcb",
        "paid to rahul aath chah teen @airtel",
    ]);
}

#[test]
fn pieces_that_nothing_visible_or_one_mark_parts_are_put_together() {
    refused(&[
        "thug ka UPI arjun\u{200B}Nine\u{200B}Eight\u{200B}Zero\u{200B}at\u{200B}apl",
        "mail (v)(i)(k)(a)(s)(.)(s)(6)(5)(@)(y)(a)(h)(o)(o)(.)(c)(o)(m)",
        "UPI meen ⭐ a.ra ⭐ o92@ ⭐ axl",
        "sa ✨ me ✨ er ✨ 97 ✨ @y ✨ ah ✨ oo ✨ .c ✨ om mera mail id hai",
        "d,e, e,p,a,k, 3,1, @,p,a, y,t,m is the UPI id",
        "la. li. ta. _m. al. ik. 32. 1@. ya. ho. o.. co. m",
        "6👉7👉1👉/👉2👉0👉2👉6 mera एफआईआर hai",
        "sameer . eight . one . at . oksbi",
        "आधार chaar do panch ek aanth do panch ek panch zero teen do",
    ]);
    passed(&[
        "Thanks, @PhonePe, team. 12, 14 and 16 May",
        "🔹 @PhonePe 🔹 26 🔹 @IndianBank 🔹 9",
        "Sections 2(1)(a)(ii) and 3(2)(b)(i)(c) apply",
    ]);
}

#[test]
fn greek_nu_poses_as_a_v() {
    refused(&["a/c four two seνen one two fiνe four five six"]);
}

#[test]
fn figures_below_their_years_and_day_by_day_are_counts() {
    passed(&[
        "2022 | 2023 | 2024 | 2025\n7917 | 3654 | 884 | 3,546\nComplaints against Yes Bank",
        "Column chart for 2024, 2025 and 2026: 6960, 9006, 8738 complaints",
        "Requests per day in week 43: 11, 23, 18, 30, 3. Total worth ₹56,972.",
        "The PIN codes? No, but the 122001, 122002 and 122018 areas reported 384 cases",
    ]);
    refused(&["a/c\n7917 | 3654 | 884", "call 98, 76, 54, 32, 10"]);
}

#[test]
fn a_report_is_called_by_its_short_names_and_told_in_two_sentences() {
    refused(&[
        "मु०न० 0323/2024 में रिकॉर्ड भेजें",
        "मु.नं. 392/2026 दर्ज है",
        "FIR nmbr 765/26 pending",
        "एफआईआर 60 ऑफ 2024",
        "FIR was lodged at PS City Gurugram in 2026. Its number is 633.",
        "मुकदमा 2026 में थाना सदर में दर्ज हुआ। इसका नंबर 175 है।",
    ]);
    passed(&["FIR registered at PS East; the bank was sent notice no. 12 on 4 May 2026"]);
}
