# What every page of the console says.
skip = सीधे पृष्ठ पर जाएँ
nav = पृष्ठ
nav-queue = क़तार
language-other = English
theme-light = उजला
theme-dark = गहरा
sign-in = साइन इन करें
sign-out = साइन आउट
stop = रोकें
back = वापस
pages = और पृष्ठ
page-first = शुरू से
page-before = पिछला
page-after = अगला
filter-state = स्थिति
filter-bank = बैंक
filter-do = दिखाएँ
demo-band = यह प्रदर्शन है: यहाँ हर बैंक, मामला और व्यक्ति काल्पनिक है, और इस मशीन से बाहर कुछ नहीं जाता।
closed-stopped = कुछ नहीं भेजा जा रहा: रोक-बटन दबा हुआ है।
closed-tripped = कुछ नहीं भेजा जा रहा: ब्रेकर ने अपने-आप रोक लगाई है।
closed-restored = कुछ नहीं भेजा जा रहा: बही बैकअप से लौटाई गई है और अभी किसी ने स्वीकार नहीं की।
closed-more = और जानें

role-officer = अधिकारी
role-approver = अनुमोदक
role-auditor = लेखा-परीक्षक
role-administrator = प्रशासक
role-does-officer = क़तार और कॉल डेस्क देखते हैं, शब्द बदलते हैं
role-does-approver = पोस्ट मंज़ूर करते हैं, स्थायी आदेश पर हस्ताक्षर करते हैं, सब कुछ रोक सकते हैं
role-does-auditor = सब पढ़ते हैं, अभिलेख जाँचते हैं
role-does-administrator = लोग, खाते, व्यवस्था

language-en = अंग्रेज़ी
language-hi = हिन्दी

month-1 = जन॰
month-2 = फ़र॰
month-3 = मार्च
month-4 = अप्रैल
month-5 = मई
month-6 = जून
month-7 = जुल॰
month-8 = अग॰
month-9 = सित॰
month-10 = अक्तू॰
month-11 = नव॰
month-12 = दिस॰
unit-days = { $n } दिन
unit-hours = { $n ->
    [one] { $n } घंटा
   *[other] { $n } घंटे
 }
unit-minutes = { $n } मिनट
unit-moment = क्षण भर
span-in = { $span } में
span-ago = { $span } पहले
n-cases = { $n ->
    [one] { $n } मामला
   *[other] { $n } मामले
 }
n-actions = { $n ->
    [one] { $n } कार्रवाई
   *[other] { $n } कार्रवाइयाँ
 }
overdue-at-least = { $n ->
    [one] सबसे पुराना समय-सीमा से कम से कम { $n } घंटा अधिक समय से लंबित
   *[other] सबसे पुराना समय-सीमा से कम से कम { $n } घंटे अधिक समय से लंबित
 }
as-of = इस समय तक
expires = समाप्ति

problem-sign-in = कृपया साइन इन करें
problem-sign-in-do = यह पृष्ठ इकाई के लोगों के लिए है।
problem-must = पहले कुछ और करना है
problem-must-do = जो पृष्ठ खुलता है, उसी पर आगे बढ़ें।
problem-role = आपकी भूमिका में यह अनुमति नहीं है
problem-role-do = जिन्हें अनुमति है उनसे कहें, या भूमिका ग़लत हो तो प्रशासक से।
problem-your-role = आपकी भूमिका: { $role }।
problem-not-found = यहाँ कुछ नहीं है
problem-not-found-do = शायद पता अलग लिखा जाता है। वापस जाकर सूची से चुनें।
problem-changed = कोई और पहले कर चुका है
problem-changed-do = कुछ नहीं किया गया। अब जैसा है वैसा फिर देखें।
problem-refused = यह नहीं किया गया
problem-refused-do = कुछ नहीं बदला। वापस जाएँ, और जो आड़े है उसे ठीक करें।
problem-wrong = फ़ॉर्म में कुछ ठीक नहीं है
problem-wrong-do = कुछ नहीं बदला। वापस जाकर सुधारें।
problem-missing = कृपया भरें: { $field }
problem-no-time = “{ $text }” कोई समय नहीं है।
problem-stale-form = यह फ़ॉर्म पुराना हो गया है
problem-stale-form-do = कुछ नहीं बदला। वापस जाएँ, पृष्ठ फिर खोलें और दोहराएँ।
problem-too-large = यह बहुत बड़ा है
problem-too-large-do = कुछ नहीं बदला। कम भेजें, या छोटी फ़ाइल।
problem-throttled = बहुत बार कोशिश हुई
problem-throttled-do = एक मिनट रुककर फिर कोशिश करें।
problem-other-host = इस कंसोल का पता दूसरा है
problem-other-host-do = सही पता प्रशासक से पूछें।
problem-failed = कंसोल यह नहीं कर सका
problem-failed-do = कुछ भी अधूरा नहीं छूटा। फिर कोशिश करें; न हो तो प्रशासक को बताएँ: कारण सेवा के लॉग में है।

sign-in-wrong = व्यक्ति, पासफ़्रेज़ या कोड ग़लत है।
sign-in-nobody = यहाँ अभी कोई दर्ज नहीं है। पहले प्रशासक उस लिंक से बनते हैं जो “takaza serve” ने शुरू होते समय दिखाया।
sign-in-demo = चुनें कि आप कौन बनना चाहते हैं:
sign-in-person = हस्ताक्षर का नाम
sign-in-passphrase = पासफ़्रेज़
oidc-or = या बिना पासफ़्रेज़ के:
oidc-with = { $service } से साइन इन करें
oidc-foreign = इसमें बहुत समय लगा, या यह किसी दूसरे ब्राउज़र में शुरू हुआ था। कृपया फिर से शुरू करें।
oidc-declined = साइन-इन सेवा ने आपको प्रवेश नहीं दिया। फिर से शुरू करें, या अपने पासफ़्रेज़ से साइन इन करें।
oidc-down = साइन-इन सेवा से अभी संपर्क नहीं हो रहा है। अपने पासफ़्रेज़ से साइन इन करें।
oidc-invalid = साइन-इन सेवा का उत्तर जाँच में सही नहीं निकला। अपने पासफ़्रेज़ से साइन इन करें और प्रशासक को बताएँ: कारण लॉग में है।
oidc-stranger = उस खाते से यहाँ कोई साइन इन नहीं कर सकता। कारण प्रशासक लॉग में देख सकते हैं।
oidc-code = एक-बार का कोड
oidc-code-means = साइन-इन सेवा आपको पहचानती है। अब अपने ऐप के छह अंक, या एक रिकवरी कोड लिखें।
oidc-code-wrong = यह कोड ग़लत है, या पहले काम में आ चुका है।
arrived = फिर कंसोल पर
arrived-go = आगे बढ़ें
first-title = पहले प्रशासक
first-means = यहाँ अभी कोई दर्ज नहीं है। आप प्रशासक बनते हैं, जो औरों को जोड़ते हैं। प्रशासक कुछ मंज़ूर नहीं करते।
first-name = नाम और पद
first-do = शुरू करें
passphrase-title = अपना पासफ़्रेज़ बदलें
passphrase-first = आपका पासफ़्रेज़ किसी और ने चुना था। सबसे पहले अपना चुनें।
passphrase-present = वर्तमान पासफ़्रेज़
passphrase-new = नया पासफ़्रेज़ (12 या अधिक अक्षर: चार बेतरतीब शब्द अच्छे हैं)
passphrase-again = नया एक बार फिर
passphrase-do = बदलें
passphrase-too-short = पासफ़्रेज़ में कम से कम 12 अक्षर हों: चार बेतरतीब शब्द अच्छे हैं।
passphrase-not-new = यही आपका वर्तमान पासफ़्रेज़ है; दूसरा चुनें।
passphrases-differ-here = दोनों नए पासफ़्रेज़ अलग हैं।
passphrase-done = आपका नया पासफ़्रेज़ लागू है; आपके बाक़ी सत्र समाप्त हो गए हैं।{ $what }
me-title = आप
me-sessions = आप कहाँ-कहाँ साइन इन हैं
me-session-seen = पिछला पृष्ठ
me-session-since = कब से
me-session-from = कहाँ से
me-session-this = यही
me-session-end = समाप्त करें
me-sessions-end-others = बाक़ी सब समाप्त करें
me-sessions-ended = समाप्त सत्र: { $what }

stop-title = रोक-बटन
stop-means = दबाने पर एक सेकंड के भीतर, हर प्रक्रिया में, कुछ भी नहीं भेजा जाता, जब तक कोई अनुमोदक इसे न हटाए। जो मंज़ूर था वह उसके बाद फिर रोका रहता है।
stop-why = कारण
stop-do = अभी सारा भेजना रोकें
stop-done = रोक दिया गया: अनुमोदक के हटाने तक कुछ नहीं भेजा जाएगा।{ $what }
resume-means = हटाने से ब्रेकर भी फिर चालू होता है। जो रुका था वह सब फिर रोका रहता है और नई मंज़ूरी माँगता है।
resume-do = रोक हटाएँ
resume-who = अनुमोदक इसे हटा सकते हैं।
resume-done = भेजना फिर चालू हो सकता है। फिर रोके गए: { $what }
