//! One small story for each idea of the guard that the generator does not reach.

use super::{passed, refused};

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

#[test]
fn words_that_sound_like_digits_are_digits_among_them() {
    refused(&[
        "account shunya 1 no 9 chhah 7 0 6 saat paanch 0",
        "mobile no nine ate seven six five for three too one zero",
        "whatsapp 9 8 dbl 7 6 dbl 5 4 3 1",
        "account is ik doo tin char panch cheh sath aat no zero",
        "call इक नौ आठ दो तीन चार पाँच छह सात आठ",
        "mobile 8 ... 6 ... o ... 7 ... 5 ... four ... 4 ... 3 ... 2 ... 1",
        "mob n-i-n-e e-i-g-h-t s-e-v-e-n s-i-x f-i-v-e f-o-u-r t-h-r-e-e t-w-o o-n-e z-e-r-o",
        "his mobile 83695 followed by 37218 is off",
        "SIM 652 + 7415 + 894 was active",
        "Aadhaar nine hundred seventy-five six hundred and nine nine hundred and forty-nine three hundred and eighty five",
        "card 4437 tilde 7255 tilde 9856 tilde 6302",
        "acknowledgement no. t w o - t w o - e i g h t - o n e - o h - t w o - f o u r - o n e - f i v e - f i v e - f i v e",
        "phone S.A.A.T. .E.K. .P.A.N.C.H. .S.A.A.T. .N.A.U. .E.K. .S.A.A.T. .D.O. .T.E.E.N. .D.O",
    ]);
    passed(&["one to two, two to three, no one for four: 6 of 12 banks", "12 + 15 + 20 cases"]);
    passed(&[
        "Rupees three hundred and twenty four in 2 cases; four hundred of nine hundred calls",
    ]);
}

#[test]
fn letters_by_their_names_in_hindi_are_letters() {
    refused(&["पैन आर क्यू एल पी एम 3 5 8 2 डब्ल्यू के नाम पर", "पैन ए बी सी पी ई 1234 एफ"]);
    passed(&["एस बी आई और एच डी एफ सी बैंक के 12 मामले"]);
}

#[test]
fn signs_are_said_between_the_pieces_of_a_code() {
    refused(&[
        "PAN card DRQAV डैश 8681B",
        "S space B space U space P space Z space 7 space 6 space 0 space 4 space F",
        "PAN D ... C ... R ... H ... G ... seven ... six ... nine ... seven ... S",
        "PAN FGKH dash J650 dash 8N",
        "pan JQEFVFourZeroFourSixQ",
        "neha-bose ⓐ freecharge",
        "kabirrawatⓐyahoo.in",
        "farhan.sangwan at kotak811",
        "UPI \"saanvi_3688\" at \"slc\"",
        "write to pankaj_0246 @the rate nic.in",
        "email \u{1F11D}\u{1F114}\u{1F117}\u{1F110}@yahoo.com",
        "email po\u{2800}oja4\u{2800}32@prot\u{2800}onmail.c\u{2800}om",
    ]);
}

#[test]
fn a_report_keeps_its_number_beside_sections_of_law() {
    refused(&[
        "FIR no. 885/25 BNSS Section 106",
        "FIR no. 796/26 BNS 308(2), lien not marked",
        "FIR darj: 294/26",
        "eFIR 2026/456",
        "FIR no. 230-26 BNSS Section 106",
        "एफआईआर संख्या एक सौ तेईस बटा दो हजार छब्बीस",
    ]);
    passed(&[
        "Bank toll-free: 1800-425-3800 / 1930. Block your card first.",
        "Read ₹0.08 Cr for ₹0.01 Cr. Sixteen of nine banks answered.",
        "FIR u/s 318/319 BNS",
        "#NCRP #1930 Sat Sun bhi khula hai",
        "8783 शिकायतें, 4750 प्राथमिकी, 2,07,340 गिरफ्तारी",
        "दो हजार पच्चीस में 12 मामले",
    ]);
}

#[test]
fn lists_of_places_marks_and_steps_are_no_number() {
    passed(&[
        "Cyber Safety Week, Sectors 78, 93, 85, 69 and 14.",
        "1) Rs.738532701 2) ₹404587856 3) ₹4000 held in three banks.",
        "Steps 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 of the quiz",
        "Batch ID 2026-11-14-003",
        "1) 34 2) 27 3) 15 4) 9 5) 15",
        "(i) 34 (ii) 27 (iii) 15 (iv) 9 (v) 15",
        "Total: 12+34+56+78 = 180",
        "1) 74272000 rupees 2) rupees 5,64,83,768 3) 338 rupees",
        "IPs 103.227.8.45 and 45.9.20.101 were blocked",
        "Earn Rs.3000/5000/8000 daily? Salary 25000-30000? Fake.",
        "Sectors  14,  15,  17,  29,  31,  40  and  56:  camps  at  18:00. Dial  1800  11  4000.",
        "tweet 1857012345678901234 is our own post",
    ]);
    refused(&[
        "mobile 78, 93, 85, 69 and 14",
        "1) 738532701 2) 404587856",
        "account 84,53,45,56,81,336",
        "mobile 1) 98765 2) 43210",
        "Rs.98765/43210/12345",
    ]);
}

#[test]
fn what_a_number_is_called_and_how_it_is_said_stand_above_its_commas() {
    refused(&[
        "Aadhaar: aatth nauu saatt aatth chhe ekk theen theen ekk nauu ekk aatth",
        "aadhar no: aatth sifar paanchh dow sifar aatth ekk chaar dow ekk sifar ekk",
        "the number seven nine zero eight 6 twice five four five seven",
        "credit card (6103 tiret 2874 tiret 1366 tiret 6971)",
        "SMS sent from 98398 blank 28919",
        "eKYC with 5,20,40,01,34,769",
        "caller id 7,87,25,77,402",
        "accnt 2,03,54,48,57,52,66,011",
        "fake helpline 9,40,35,71,132",
    ]);
    passed(&[
        "78326 + 69287 complaints; ₹86,53,23,627 in all",
        "IP ranges are not people: 10.0.0.0/8, 192.168.1.1.",
        "₹9,40,35,71,132 held, and 7,87,25,402 refunded after one KYC check",
    ]);
}

#[test]
fn pictures_of_any_sort_cut_an_address_and_a_case_number_in_vain() {
    refused(&[
        "Email s✅ur👉esh🙏8👍🏽7@🔥g❤️ma👉il❤️.⭐com",
        "mail s 👍🏽 u 👍🏽 r 👍🏽 e 👍🏽 s 👍🏽 h 👍🏽 @ 👍🏽 i 👍🏽 c 👍🏽 l 👍🏽 o 👍🏽 u 👍🏽 d 👍🏽 . 👍🏽 c 👍🏽 o 👍🏽 m",
        "r🔥a💰h👉ul🔥si❤️ng🔥h8🇮🇳6❤️@❤️pt📱sbi",
        "FIR 46🇮🇳6/24 registered",
        "F.I.R. 89⭐2➡️/⭐25 dated 3 May",
    ]);
    passed(&[
        "Thanks🙏@axisbank🙏 for the camp. 120 came.",
        "👮 169 📱 247 💳 790 💰 ₹78.00 crore",
        "FIR 45 ✅ chargesheets 38 ✅",
    ]);
    refused(&[
        "👮 987 📱 654 💳 321 0",
        "mobile 98 📱 765 🔥 432 👉 100",
        "phone 👮 987 📱 654 💳 321",
    ]);
}

#[test]
fn signs_of_several_sorts_and_line_ends_cut_an_address_in_vain() {
    refused(&[
        "mail r,a m e,sh.k@y a,h.oo,.c-o m at once",
        "UPI a/n-i,l_k@,o-k.sb-i is active",
        "mailto:sunita36@y\nahoo.co.in",
        "UPI id neha@o\nkicici",
    ]);
    passed(&[
        "Camp by us @ H.D.F.C. Bank, Sector 14, in the box office",
        "Follow us @CyberDost\nsbi.co.in is the bank's own site",
    ]);
}

#[test]
fn a_helpline_inside_a_longer_number_is_a_piece_of_it() {
    refused(&[
        "Bank account 7763 1860 4031 3952 4",
        "account 1860 4031 3952",
        "A/c no. 7763 1800 425 3800",
    ]);
    passed(&[
        "Helpline 1930 1800 425 3800",
        "call 112 1800 425 3800 24x7",
        "Block your card: 1800 425 3800 (24x7). Then 1930.",
        "Peepal Bank toll free 1800-11-8181; lost card 1860 452 8555.",
    ]);
}

#[test]
fn number_words_have_more_spellings_and_signs_between() {
    refused(&[
        "mobile number सात सिफर एक पान्च सात नो एक सिफर सात नो",
        "mobile number saat doh eek nav saat doh eek nav saat doh",
        "Card five; one; seven; nine; nine; two; one; one; six; oh; one; one; five; five; one; six",
        "helpline fraud number saat; chah; saat; chaar; paanch; nou; chhe; saath; doh",
        "dial n-i-n-e f-o-u-r s-i-x o-h t-w-o s-i-x f-o-u-r n-i-n-e e-i-g-h-t s-e-v-e-n",
        "mobile 9→0→3→9→4→2→8→6→7→8",
        "First\nInformation\nReport\n365/26",
        "vide_FIR_No._0678/24",
        "FIR+sankhya+504%2F26",
    ]);
}

#[test]
fn threads_sections_lakhs_and_references_are_ordinary() {
    passed(&[
        "1/3 112 | 1930 | 1091 | 1098 | 181 | 100: save these.",
        "100 101 102 108 112 1930 (2/3)",
        "1/3 436/256/166 seats taken at 11:06. Hall 467.",
        "Sections 120B/112/316(2)/66 of BNS apply.",
        "धारा 318(4) & 120B & 471 & 420 के तहत मामला दर्ज",
        "cash seized. Sections 67A/120B/66/316(2)/318(4) BNS",
        "Jan | 41572 | 23.6L\nFeb | 97806 | 34.7L",
        "संदर्भ FBD-CC444, 2 July 2026, 16:49 IST की स्थिति।",
        "H1 2021: 8138; H2 2021: 4498.",
    ]);
    refused(&[
        "1/3 98765 43210",
        "mobile 98765 4321B and 9",
        "PAN CC444, 2 J",
        "FIR no. 12 (2/15)",
    ]);
}

#[test]
fn words_that_lead_on_from_piece_to_piece_make_one_number_of_them() {
    refused(&[
        "khata number 60605933 phir 615827",
        "beneficiary a/c 7957567 (contd) 519137",
        "sampark 848161 (contd) 2298",
        "account 48602 (first half) 1814 only",
        "UID 7525421 followed by 03773",
        "PAN TXNPS42 followed by 41G",
        "पैन: SSXPM4 (contd) 630B",
        "PAN T।Q।X।P।I।1।5।7।2।B",
        "J V N P S 7 9 char 1 G",
        "FIR no number two, two, five, /, two, zero, two, six",
        // Six figures and six, with Aadhaar's check digit in all.
        "SIM issued against 630117\n748912",
    ]);
    passed(&[
        "PIN 121002, 226010 and 560 034 get new beat officers",
        "Camps in Gurugram 122001 and Rewari 123401",
        "Cases rose from 812 to 945, then 1,120 by June",
        "The first 40 requests and the second 25 are pending",
    ]);
}

#[test]
fn a_picture_of_mail_between_two_words_is_an_at_sign() {
    refused(&["hoodav4651🌀kotak", "balwinder_5420📧gmail.com", "pooja✉\u{FE0F}okaxis"]);
    passed(&["Write to us 📧 at the desk", "📧cyber desk, Sector 14"]);
}

#[test]
fn the_place_of_a_post_in_its_thread_is_no_piece_of_a_count() {
    passed(&["(1/3) 34115 + 81543 complaints this year", "2/4: 93331 + 57854 complaints"]);
    refused(&["(1/3) account 34115 81543", "2/4: 98765 43210"]);
}

#[test]
fn a_number_goes_on_behind_what_looks_like_a_postal_code() {
    refused(&[
        "Please check 710199\n613663 today.",
        "Note 754634, 4109",
        "Details follow: account 2190825$6682023",
        "first part 88441 last part 64865",
    ]);
    passed(&[
        "Police Lines, Gurugram 122001\nDial 1930",
        "Camp at Gurugram 122001, 45 officers came",
        "Lost: $250000 in 12 cases",
    ]);
}

#[test]
fn figures_pose_as_letters_in_number_words_and_words_say_how_often() {
    refused(&[
        "mule account = three nin3 on3 f0ur zer0 0n3 eight thr33 0n3 two",
        "आठ एक नौ दो बार पांच दो 3 4 सात तीन को भेजे",
        "nao saat sifar do jeero nao ek do teen char",
    ]);
    passed(&["दो बार 45 शिकायतें और 12 अनुरोध", "Called do baar on 12 Nov at 10:30"]);
}

#[test]
fn a_case_with_a_year_beside_its_sections_or_station_is_a_report() {
    refused(&[
        "case 0611/2026 under section 66D IT Act, PS Cyber East",
        "मामला 256/2025 धारा 318(4) बीएनएस, थाना साइबर",
        "case no. 7.08/2.0.2.4 u/s 318(4) BNS",
    ]);
    passed(&["In each case 24/7 help under section 66D", "case 3 of 5 under review"]);
}

#[test]
fn banks_are_named_by_handles_and_short_names() {
    passed(&[
        "Thank you @YESBANK: 36 of 40 requests answered within 48 hours",
        "SBI 3, HDFC 92, ICICI 78, Axis 80, PNB 762, BoB 776, Kotak 82.",
    ]);
    passed(&[
        "UPI fraud: @AxisBank has 804 requests pending",
        "यूपीआई ठगी के 757 मामलों में @ICICIBank ने अब तक जवाब नहीं दिया",
        "#CyberCrime #StopFraud2026 @Paytm 26 holds pending",
    ]);
    refused(&["UPI id ravi @paytm", "VPA: kavita @icici"]);
    refused(&["UPI ramesh.k@yesbank", "naveen.yadav95\"@\"ptyes", "suresh27 अट gmail.com"]);
}
