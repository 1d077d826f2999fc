# `takaza setup` हिंदी में जो कहता है। यहाँ का हर संदेश en.ftl में भी है, उन्हीं चरों के साथ।

hello =
    यह प्रश्न पूछते हुए आपकी इकाई की पहली पोस्ट तक ले जाता है, जो उसके अपने जाँच-खाते पर जाती है। पोस्ट में किसी बैंक का नाम नहीं होता।
    किसी भी प्रश्न पर रुक सकते हैं (Ctrl-C) और यही कमांड फिर चला सकते हैं: जो हो चुका है, वह दोबारा नहीं पूछा जाता।
interrupted = उत्तर यहीं समाप्त हो गए। `takaza setup` फिर चलाएँ: वह वहीं से आगे बढ़ेगा।
not-done = यह नहीं हो सका: { $reason }
say-yes-or-no = कृपया हाँ या नहीं में उत्तर दें।
needs-answer = यहाँ उत्तर आवश्यक है।
step-folder = — फ़ोल्डर
folder-why = एक इकाई का सब कुछ एक ही फ़ोल्डर में रहता है: विन्यास, बही और कुंजियाँ। इसे कोई और न पढ़ सके।
folder-ask = कौन-सा फ़ोल्डर? (Enter: { $default })
folder-is = फ़ोल्डर: { $folder }
step-unit = — इकाई
unit-why = इकाई के नाम हर सार्वजनिक पाठ में आते हैं। हर संदर्भ उपसर्ग से शुरू होता है (EXD-7F3K2 में EXD)। ये { $file } में लिखे जाते हैं; जो वहाँ पहले से है, वह बना रहता है।
name-en-ask = अंग्रेज़ी में इकाई का नाम?
name-hi-ask = हिंदी में इकाई का नाम?
prefix-ask = संदर्भ का उपसर्ग? (A से Z तक दो से छह बड़े अक्षर)
step-people = — लोग
people-why = तीन लोग: प्रशासक लोगों और खातों को सँभालता है, अनुमोदक हर पोस्ट को अनुमोदित करता है, और तीसरा व्यक्ति अनुमोदक की पुष्टि करता है। कोई स्वयं को अनुमोदक नहीं बनाता। पासफ़्रेज़ में कम से कम 12 अक्षर होते हैं।
admin-why = पहले प्रशासक। वह कुछ अनुमोदित नहीं करता।
approver-why = अब अनुमोदक (जैसे डीसीपी)। प्रशासक पहला पासफ़्रेज़ देता है, और अनुमोदक सबसे पहले उसे अपने पासफ़्रेज़ से बदलता है।
second-why = अब तीसरा व्यक्ति, लेखा-परीक्षक: वह सब पढ़ता है, कुछ नहीं बदलता, और अनुमोदक की भूमिका की पुष्टि करता है।
id-ask = हस्ताक्षर का छोटा नाम? (छोटे अंग्रेज़ी अक्षर, अंक, बिंदु, डैश; Enter: { $default })
person-name-ask = उनका नाम और पद?
order-ask = उन्हें अनुमोदक बनाने वाले आदेश की संख्या?
first-passphrase-ask = { $person } के लिए पहला पासफ़्रेज़
new-passphrase-ask = { $person }, आपका अपना नया पासफ़्रेज़
again-ask = एक बार फिर
passphrase-ask = { $person } का पासफ़्रेज़
own-passphrase-why = अब { $person } स्वयं कीबोर्ड पर आएँ: पहला पासफ़्रेज़ केवल एक काम के लिए है, अपना पासफ़्रेज़ चुनना।
passphrases-differ = दोनों अलग हैं।
person-added = { $person } बही में दर्ज है ({ $role })।
confirmed = { $person } की भूमिका की पुष्टि हो गई; वह लागू है।
people-are = लोग: { $admin } (प्रशासक), { $approver } (अनुमोदक), { $second } (पुष्टि करने वाला)
step-authority = — अधिकार
authority-why = राज्य की सोशल-मीडिया नीति की संख्या और पोस्ट करने के लिए डीसीपी के लिखित अधिकार-पत्र की संख्या के बिना कोई खाता चालू नहीं होता। जाँच-खाता भी नहीं।
policy-ask = नीति की संख्या? (Enter: अभी नहीं है)
authorisation-ask = लिखित अधिकार-पत्र की संख्या? (Enter: अभी नहीं है)
authority-missing = दोनों संख्याओं के बिना यह यहीं रुकता है। संख्याएँ मिलने पर `takaza setup` फिर चलाएँ।
step-account = — जाँच-खाता
account-why = पहली पोस्ट इकाई के अपने ऐसे खाते पर जाती है जिसे जनता नहीं पढ़ सकती। उसकी अलग बही है, { $folder }, जिसमें कोई बैंक नहीं है: किसी वास्तविक मामले की बात जाँच-खाते पर नहीं जा सकती, और जाँच-खाता असली बही में नहीं आ सकता।
platform-ask = कौन-सा मंच: mastodon, bluesky, x, या hand-off (अधिकारी हाथ से पोस्ट करता है)? (Enter: mastodon)
platform-unknown = कृपया mastodon, bluesky, x या hand-off लिखें।
by-hand-ask = अधिकारी किस मंच पर पोस्ट करता है? (Enter: x)
server-ask = सर्वर का पता, https:// सहित?
handle-ask = खाते का हैंडल?
token-why = अब उसका टोकन (Mastodon: Settings, Development, नया application, read और write सहित; Bluesky: app password)। वह { $file } में रहता है, जिसे केवल आप पढ़ सकते हैं। या वह फ़ाइल बताएँ जिसमें टोकन है: file:PATH
token-ask = टोकन (दिखाया नहीं जाता)
protection-mastodon = पोस्ट केवल फ़ॉलोअर देख सकते हैं (visibility “private”)। देख लें कि खाते को कोई ऐसा व्यक्ति फ़ॉलो न करता हो जिसे यह जाँच नहीं पढ़नी चाहिए।
protection-x = X पर केवल संरक्षित खाते की पोस्ट छिपी रहती हैं: Settings, Privacy and safety, Audience and tagging, “Protect your posts”। तब प्रोफ़ाइल पर ताला दिखता है। X यह takaza को नहीं बताता।
protection-bluesky = Bluesky पर संरक्षित खाते नहीं होते: जाँच-पोस्ट सब पढ़ सकते हैं। उसमें किसी बैंक का नाम नहीं है, और उसे तुरंत हटाया जा सकता है।
protection-hand-off = हाथ से की गई पोस्ट तभी संरक्षित है जब खाता संरक्षित हो: पहले उसे केवल फ़ॉलोअर के लिए या संरक्षित कर लें।
protection-ask-x = क्या खाता संरक्षित है? (हाँ/नहीं)
protection-ask-bluesky = सब पढ़ सकते हैं, फिर भी पोस्ट करें? (हाँ/नहीं)
protection-ask-hand-off = क्या खाता संरक्षित है? (हाँ/नहीं)
protection-no = तब कुछ पोस्ट नहीं होगा। ऐसा हो जाने पर `takaza setup` फिर चलाएँ।
x-client-why = X हर प्रोग्राम से पूछता है कि वह कौन है। X के developer console में इकाई के लिए एक app बनाएँ: type “Native App”, पढ़ने और लिखने की अनुमति, callback का पता { $redirect }। उसकी client id गोपनीय नहीं है; वह takaza.toml के [x] में लिखी जाती है। (Confidential client के साथ एक secret भी होता है: तब पहले वहाँ x.client_secret_from लिखें।)
x-client-ask = app की OAuth 2.0 client id? (Enter: अभी नहीं है)
x-client-missing = client id के बिना खाता नहीं जोड़ा जा सकता। मिलने पर `takaza setup` फिर चलाएँ, या hand-off चुनें।
x-browser-ask = अब खाता ब्राउज़र में अनुमति देगा। क्या वह ब्राउज़र इसी मशीन पर है? (हाँ/नहीं)
x-open =
    यह पता ब्राउज़र में जाँच-खाते के रूप में खोलें, और अनुमति दें:

    { $address }

    { $minutes } मिनट तक प्रतीक्षा की जाएगी।
x-open-elsewhere =
    यह पता किसी दूसरी मशीन के ब्राउज़र में जाँच-खाते के रूप में खोलें, और अनुमति दें:

    { $address }

    तब ब्राउज़र ऐसे पते पर रुकता है जिसे वह नहीं खोल सकता। वह पूरा पता कॉपी करें।
x-paste-ask = ब्राउज़र जिस पते पर रुका (दिखाया नहीं जाता)
x-again-ask = क्या फिर प्रयास करें? (हाँ/नहीं)
x-later = खाता नहीं जुड़ा। जब चाहें `takaza setup` फिर चलाएँ।
x-busy = { $address } पर सुना नहीं जा सकता ({ $reason })। जो उसे काम में ले रहा है उसे बंद करें, या उत्तर दें कि ब्राउज़र दूसरी मशीन पर है।
x-nobody = { $seconds } सेकंड में कोई नहीं लौटा।
x-nothing-pasted = कुछ नहीं चिपकाया गया।
x-refused = अनुमति नहीं मिली ({ $reason })। कुछ नहीं रखा गया।
x-foreign = यह अभी दिखाए गए पते का उत्तर नहीं है। ब्राउज़र जिस पते पर रुका, उसे पूरा कॉपी करें। कुछ नहीं रखा गया।
x-code-late = X ने कोड नहीं लिया ({ $reason })। वह आधे मिनट तक ही चलता है: जल्दी करें।
x-code-not-now = कोड बदला नहीं जा सका ({ $reason })। takaza.toml का [x] और नेटवर्क देखें।
x-code-lost = X का उत्तर खो गया ({ $reason }), और कुछ नहीं रखा गया। खाते के connected apps में तब takaza एक बार दिखता है।
x-missing-scopes = X ने वह सब नहीं दिया जो माँगा गया था (जो नहीं मिला: { $scopes })। takaza.toml में x.scopes और app की अनुमतियाँ देखें।
x-nameless = X ने नहीं बताया कि अनुमति किस खाते की है ({ $reason })।
x-other-account = ब्राउज़र में @{ $handle } का लॉगिन था, और खाता @{ $meant } है। वहाँ @{ $meant } के रूप में लॉगिन करें।
x-new-ended = X ने नई अनुमति समाप्त कर दी; उसका कुछ नहीं बचा।
x-new-stands = नई अनुमति समाप्त नहीं हो सकी ({ $reason }): X पर उस खाते से connected apps में से takaza को हटाएँ।
prefix-wrong = उपसर्ग में A से Z तक दो से छह बड़े अक्षर होते हैं।
passphrase-wrong = पासफ़्रेज़ ग़लत है।
passphrase-short = पासफ़्रेज़ में कम से कम { $least } अक्षर होते हैं; चार यादृच्छिक शब्द ठीक रहते हैं।
passphrase-same = यह वही पासफ़्रेज़ है जो आपका है। दूसरा चुनें।
id-wrong = हस्ताक्षर के नाम में छोटे अंग्रेज़ी अक्षर, अंक, बिंदु और डैश होते हैं, अधिक से अधिक 40, और वह अक्षर से शुरू होता है।
platform-none = ऐसा कोई मंच नहीं है; ये हैं: { $all }
not-confirmed = { $server } ने टोकन की पुष्टि नहीं की ({ $reason })। पता और टोकन जाँचें: उसे पढ़ने और लिखने की अनुमति चाहिए, और वह इकाई के अपने खाते का हो।
no-such-file = { $file } पढ़ी नहीं जा सकती ({ $reason })।
why-no-answer = अभी कोई उत्तर नहीं है
why-failed = उस पर काम नहीं हो सका ({ $reason })
why-withdrawn = जाने से पहले वह वापस ले ली गई ({ $reason })
why-refused = मंच ने उसे अस्वीकार किया ({ $reason })
why-uncertain = अभी पता नहीं कि वह गई या नहीं ({ $reason })
why-waiting = वह प्रतीक्षा में है ({ $reason })
checking = सर्वर से पूछा जा रहा है कि टोकन किसका है …
account-is = जाँच-खाता: { $platform } पर @{ $handle }
live-why = अनुमोदक जाँच-खाते को चालू करता है। उसके बाद ही उससे कुछ बाहर जा सकता है।
live-now = { $person } ने { $account } को चालू किया।
stop-before-post = जैसा कहा गया था, पोस्ट से पहले रुक गया (--no-post)।
step-post = — पहली पोस्ट
post-why = यह पोस्ट उसी एक रास्ते से जाती है जिससे हर पोस्ट जाती है: तीन काल्पनिक मामले, मसौदा, उसके ठीक इन्हीं शब्दों का अनुमोदन, एक प्रयास, अभिलेख। इसमें लिखा है कि यह जाँच है, और किसी बैंक का नाम नहीं है।
post-shows = ठीक यही @{ $handle } से जाएगा; कौन देख सकता है: { $visibility }
visible-private = केवल फ़ॉलोअर
visible-public = जो भी खाते को पढ़ सकता है
post-ask = { $person }, क्या आप इस पाठ को अनुमोदित करते हैं, और क्या यह अभी जाए? (हाँ/नहीं)
post-no = कुछ पोस्ट नहीं हुआ। जब चाहें `takaza setup` फिर चलाएँ।
post-sending = भेजा जा रहा है …
post-is = पहली पोस्ट जा चुकी है: { $link }
post-not-yet = यह पक्का नहीं कि काम ठीक से हुआ: { $reason }। `takaza setup` फिर चलाएँ: वह फिर देखेगा, और कुछ भी दो बार नहीं भेजेगा। जो ज्ञात है: `takaza post list --data { $folder }`
post-none = कोई मसौदा नहीं बन सका: कारण `takaza cases silenced --data { $folder }` बताता है।
post-by-hand =
    अधिकारी इसे हाथ से पोस्ट करता है; अनुमोदक भी यहीं कर सकता है:
      takaza handoff take { $reference } --language { $language } --as { $person } --data { $folder }
      takaza handoff done { $reference } --language { $language } --permalink LINK --as { $person } --data { $folder }
delete-ask = क्या पोस्ट हटा दें? वह भी उसी रास्ते से जाता है। (हाँ/नहीं)
deleted = पोस्ट हटा दी गई। उसका इतिहास अभिलेख में रहता है।
kept = पोस्ट बनी रहेगी।
was-deleted = पहली पोस्ट की गई और हटाई गई: { $link }
next =
    यही पूरा रास्ता था। अब आगे:
      takaza doctor --data { $folder }            क्या अभी बाकी है, और क्या करना है
      takaza cases import FILE --mapping MAPPING --dry-run --data { $folder }
      takaza account add … --data { $folder }     इकाई का असली खाता
      takaza serve --shadow --data { $folder }    भेजने के सिवा सब कुछ
