# Posts: every delivery, one post's whole history, hand-offs, and how a wrong post is set right.
nav-posts = पोस्ट
posts-all = सभी
posts-account = खाता
posts-sender = किसने डाली
posts-sender-api = प्रोग्राम ने
posts-sender-hand-off = हाथ से
posts-approved-only = केवल मंज़ूर
posts-to-do = हाथ से डालनी हैं
posts-in-doubt = अनिश्चित
posts-everything = सब कुछ
posts-empty = ऐसी कोई पोस्ट नहीं है।
posts-latest = सबसे नई
posts-older = और पुरानी
posts-not-approved = अभी मंज़ूर नहीं
posts-asks = किसी व्यक्ति का निर्णय चाहिए
posts-attempts = { $n ->
    [0] अभी कोशिश नहीं हुई
    [one] { $n } कोशिश
   *[other] { $n } कोशिशें
 }
posts-costs = लागत होगी { $usd }
posts-cost = लागत { $usd }
posts-open = पोस्ट खोलें
posts-drafted = मसौदा { $at }
posts-posted = डाली गई { $at }

posts-state-waiting = प्रतीक्षा में
posts-state-sending = भेजी जा रही है
posts-state-delivered = डाली गई
posts-state-retracted = हटाई गई
posts-state-withdrawn = वापस ली गई
posts-state-refused = अस्वीकृत
posts-state-uncertain = अनिश्चित
posts-state-open = अधूरी
posts-outcome-accepted = स्वीकार हुई
posts-outcome-not-sent = नहीं भेजी गई
posts-outcome-throttled = रुकने को कहा गया
posts-outcome-account-blocked = खाता बंद मिला
posts-outcome-refused = अस्वीकार हुई
posts-outcome-unknown = पता नहीं चला
posts-outcome-put-off = टाली गई
posts-outcome-withdrawn = वापस ली गई
posts-kind-reply = { $n ->
    [one] { $n } उत्तर
   *[other] { $n } उत्तर
 }
posts-kind-like = { $n ->
    [one] { $n } पसंद
   *[other] { $n } पसंद
 }
posts-kind-repost = { $n ->
    [one] { $n } रीपोस्ट
   *[other] { $n } रीपोस्ट
 }
posts-kind-quote = { $n ->
    [one] { $n } उद्धरण
   *[other] { $n } उद्धरण
 }
posts-voice-bank = बैंक का सत्यापित खाता
posts-voice-look-alike = बैंक के खाते से मिलता-जुलता नक़ली खाता
posts-voice-other = अन्य
posts-came = { $what } ({ $voice })
posts-answer-reply = उत्तर: { $voice }
posts-answer-quote = उद्धरण: { $voice }
posts-answer-unkept = इसके शब्द नहीं रखे गए, या किसी नियम के अनुसार मिटा दिए गए।

posts-texts = पोस्ट के शब्द, और वे कहाँ हैं
posts-text-n = पाठ { $n }
posts-as-drafted = पहले मसौदे में
posts-spoiler = सामग्री-चेतावनी
posts-deletes = यह पोस्ट हटाती है: { $what }
posts-waits = किसकी प्रतीक्षा है
posts-why-held = अनुमोदक या स्थायी आदेश की।
posts-why-held-link = क़तार में देखें
posts-why-pass = सेवा की अगली बारी की।
posts-why-officer = किसी के इसे लेकर हाथ से डालने की।
posts-why-put-off = तय किए गए समय की: { $at }।
posts-why-stopped = रोक-बटन हटने की।
posts-why-tripped = ब्रेकर फिर चालू होने की। उसने रोक लगाई: { $reason }
posts-why-restored = लौटाई गई बही के स्वीकार होने की।
posts-why-shadow = छाया-अभ्यास के अंत की: अभी कुछ नहीं भेजा जाता।
posts-why-quiet = शांत समय के अंत की, { $until }।
posts-why-bank-cap = इस बैंक की दैनिक सीमा की, जो { $until } तक भर चुकी है।
posts-why-bank-interval = इस बैंक पर दो पोस्टों के बीच के न्यूनतम अंतर की, { $until } तक।
posts-why-account-cap = खाते की सीमा की, जो { $until } तक भर चुकी है।
posts-why-account-interval = इस खाते की दो पोस्टों के बीच के न्यूनतम अंतर की, { $until } तक।
posts-why-month = पैसे की: डालने में { $price } लगेंगे, और { $account } के पास { $until } तक पोस्टों के लिए { $left } बचे हैं।
posts-why-prices = नई दर-सूची की: { $account } की सूची { $expired } को समाप्त हो गई।
posts-why-batch = सेवा की अगली बारी की; यह बारी भर चुकी थी।
posts-why-not-live = नामित व्यक्ति द्वारा खाता { $account } चालू किए जाने की।
posts-why-paused = खाता { $account } की, जो रुका हुआ है: { $reason }
posts-why-silence = { $label } के अधीन मौन के अंत की, { $until }।
posts-why-authority = नई मंज़ूरी की। पिछली समाप्त हुई: { $reason }
posts-why-handle = बैंक के हैंडल के सत्यापन की: { $reason }
posts-ends = यह नहीं जाएगी: { $why }
posts-being-sent = { $holder } भेज रहा है, { $until } तक।
posts-doubt = कोशिश का अंत किसी ने नहीं देखा: { $why }
posts-doubt-since = { $at } से अनिश्चित। जब तक पता न चले, दुबारा कुछ नहीं भेजा जाता।
posts-doubt-looks = takaza खाते की अपनी टाइमलाइन में इसे खोजता है: { $at }।
posts-doubt-empty = { $n ->
    [one] अब तक { $n } बार देखने पर कुछ नहीं मिला।
   *[other] अब तक { $n } बार देखने पर कुछ नहीं मिला।
 }
posts-doubt-asks = देखने से पता नहीं चल सकता: निर्णय किसी व्यक्ति को करना है। खाता स्वयं देखें। पोस्ट वहाँ हो तो उसका पता यहाँ भरें; न हो तो अनुमोदक यह दर्ज करें।
posts-doubted-lease = समय समाप्त हो गया
posts-doubted-resend = सुरक्षित दोहराने का समय निकल गया
posts-doubted-restore = बही लौटाई गई थी

posts-attempts-of = कोशिशें
posts-attempt-n = क्रम
posts-attempt-claimed = आरंभ
posts-attempt-holder = किसने
posts-attempt-ended = अंत
posts-attempt-outcome = परिणाम
posts-attempt-open = अंत दर्ज नहीं है

posts-take = हाथ से डालने के लिए लें
posts-take-means = यह एक बार फिर जाँची जाती है, सीमाओं में गिनी जाती है, और { $length } तक आपकी रहती है।
posts-taken = यह अब आपकी है। पाठ ज्यों का त्यों डालें, और पोस्ट का पता यहाँ भरें।{ $what }
posts-taken-by = { $holder } इसे हाथ से डाल रहे हैं, { $until } तक।
posts-text-to-post = पाठ, ज्यों का त्यों डालने के लिए
posts-copy = पाठ कॉपी करें
posts-picture-alt = चित्र में क्या लिखा है
posts-picture-to-post = साथ में इसका चित्र भी डालें; यह चित्र का वैकल्पिक पाठ है
posts-picture-download = चित्र डाउनलोड करें
posts-picture-copy = वैकल्पिक पाठ कॉपी करें
posts-composer = मंच पर इसी पाठ के साथ लिखने का पृष्ठ खोलें
posts-no-composer = इस मंच पर ऐसा कोई लिंक नहीं है: पाठ कॉपी करें।
posts-from-account = खाता { $account } (@{ $handle }) से।
posts-permalink = पोस्ट का अपना पता
posts-done = पोस्ट डाल दी
posts-done-approved = दर्ज हुआ। पोस्ट पढ़कर मिलाई गई: शब्द वही हैं जो मंज़ूर हुए थे।{ $what }
posts-done-altered = दर्ज हुआ। ध्यान दें: पोस्ट पढ़कर मिलाई गई, और उसके शब्द वे नहीं हैं जो मंज़ूर हुए थे। उसे सुधारें या हटाएँ।{ $what }
posts-done-unread = दर्ज हुआ। पोस्ट पढ़ी नहीं जा सकी: मंज़ूर शब्दों से आप स्वयं मिलाएँ।{ $what }
posts-done-unclaimed = ध्यान दें: यह पाठ किसी ने नहीं लिया था, इसलिए यह बिना जाँच के पोस्ट हुआ। भेजना रुक गया है। जो सही नहीं है, उसे सुधारना होगा।{ $what }
posts-done-second = ध्यान दें: उसी पाठ की यह दूसरी पोस्ट है। भेजना रुक गया है। दोनों में से एक हटाएँ।{ $what }
posts-not-posted = यह नहीं डाली गई
posts-not-posted-means = तभी कहें जब आप निश्चित हों: उसके बाद यह फिर डाली जा सकती है, और वही आरोप दो बार दिखेगा।
posts-not-posted-sure = मैंने खाता देखा है: पोस्ट वहाँ नहीं है
posts-not-posted-done = दर्ज हुआ: { $what } नहीं डाली गई, और फिर प्रतीक्षा में है।
posts-refused-must-not = यह नहीं डाली जानी चाहिए: { $why }
posts-refused-taker = जिन्होंने इसे लिया था वे, या अनुमोदक ही, कह सकते हैं कि यह नहीं डाली गई।
posts-refused-there = यह वहाँ है: { $link } – यही पता भरें।
posts-refused-blind = खाता पढ़ा नहीं जा सका: { $why } थोड़ी देर में फिर कोशिश करें।
posts-refused-no-link = यह किसी पोस्ट का लिंक नहीं है। पता पोस्ट से ही कॉपी करें।
posts-refused-elsewhere = यह लिंक { $platform } पर नहीं जाता।
posts-refused-other-account = यह लिंक { $account } के बजाय किसी और खाते की पोस्ट पर जाता है।
posts-refused-nothing = { $what } का कुछ भी नहीं डाला गया था, इसलिए सुधारने को कुछ नहीं है।
posts-refused-text = मसौदे का पाठ नहीं कहा जा सकता: { $why } प्रशासक उसका साँचा ठीक करें।

posts-set-right = इसे सुधारें
posts-set-right-means = दोनों केवल मसौदे हैं: अनुमोदक के मंज़ूर करने पर ही जाते हैं।
posts-retract = पोस्ट हटाएँ
posts-retract-means = इस पाठ की हर पोस्ट सबके लिए हट जाती है। अभिलेख में वह बनी रहती है।
posts-retract-do = हटाने का मसौदा बनाएँ
posts-correct = सुधार डालें
posts-correct-means = दूसरी पोस्ट बताती है कि क्या ग़लत था; पहली बनी रहती है।
posts-correct-do = सुधार का मसौदा बनाएँ
posts-reason = कारण, अभिलेख के लिए
posts-reason-long = कारण बहुत लंबा है: अधिकतम 300 अक्षर।
posts-retract-drafted = { $what } का मसौदा बना: यह पोस्टें हटाएगा। अनुमोदक की मंज़ूरी चाहिए।
posts-correct-drafted = { $what } का मसौदा बना: यह पोस्ट को सुधारेगा। अनुमोदक की मंज़ूरी चाहिए।
posts-about = यह एक पिछली पोस्ट के बारे में है
posts-sequels = इसके बारे में बाद में बने मसौदे

posts-authority = शब्द और अधिकार
posts-written = किसने लिखा
posts-templates = साँचों से
posts-version = शब्दों का संस्करण
posts-drafted-at = मसौदा
posts-cleared = मंज़ूरी
posts-cleared-by = { $who }, ठीक इसी पाठ के लिए
posts-cleared-order = स्थायी आदेश “{ $order }”, हस्ताक्षर { $who }
posts-cleared-past = रोक-बटन के बावजूद
posts-cleared-until = कब तक मान्य
posts-uncleared = किसी की नहीं
posts-outcome = परिणाम
posts-hash = हैश

posts-annex = बैंक के नोडल अधिकारी के लिए अनुलग्नक
posts-annex-means = पोस्ट किन मामलों की बात करती है। आपका इसे देखना आपके नाम से अभिलेख में दर्ज होता है।
posts-annex-do = अनुलग्नक दिखाएँ
posts-annex-warning = केवल बैंक के सत्यापित नोडल पते के लिए, इकाई की अपनी डाक से। किसी उत्तर, निजी संदेश या सार्वजनिक पाठ में कभी नहीं। आपका इसे देखना अभिलेख में दर्ज हो गया है।
posts-annex-empty = कोई पंक्ति नहीं: वे किसी नियम के अनुसार मिटा दी गईं, या यह किसी पर टिकी नहीं है।
posts-annex-case = मामला
posts-annex-kind = क्या माँगा गया
posts-annex-amount = राशि
posts-annex-requested = अनुरोध
posts-annex-delivered = बैंक को मिला
posts-annex-due = समय-सीमा
posts-action-lien = लियन
posts-action-hold = होल्ड
posts-action-statement = खाता-विवरण
posts-action-kyc = केवाईसी काग़ज़ात
posts-action-cctv = सीसीटीवी फ़ुटेज
posts-action-restore = राशि लौटाना

posts-history = क्या-क्या हुआ
posts-leaf = पत्ता { $leaf }
posts-unsealed = अभी मुहरबंद नहीं
posts-by = { $who } द्वारा
posts-on = अधिकार: { $authority }
posts-told-drafted = मसौदा बना, तथ्य और { $texts } पाठ, हैश { $hash }…
posts-told-edited = नए शब्द, हैश { $hash }…
posts-told-approved = हैश { $hash }… के लिए मंज़ूर
posts-told-cleared = स्थायी आदेश के अधीन मंज़ूर, हैश { $hash }…
posts-told-rejected = अस्वीकृत: { $why }
posts-told-held-again = फिर रोकी गई: { $why }
posts-told-sent-back = बेहतर शब्दों के लिए लौटाई गई: { $why }
posts-told-held-back = रोकी गई
posts-told-disputed = विवादित: { $ground }
posts-told-dispute-stands = विवाद सही माना गया
posts-told-dispute-fails = विवाद सही नहीं माना गया
posts-told-closed = पूरी हुई: इसका सब कुछ समाप्त हो चुका
posts-told-expired = समय बीत गया
posts-told-escalation-withdrawn = वापस ली गई: { $why }
posts-told-avoided = जाने से पहले ही बैंक ने कार्रवाई कर दी: { $why }
posts-told-bank-acted = तब से बैंक ने माँगी गई किसी कार्रवाई को पूरा किया
posts-told-unsent-withdrawn = जो नहीं भेजा गया था वह वापस लिया गया
posts-told-annex-shown = { $rows } पंक्तियों का अनुलग्नक दिखाया गया
posts-told-claimed = कोशिश { $attempt } ली गई
posts-told-rechecked = फिर जाँचा गया: { $members } कार्रवाइयाँ, हर एक वैसी ही जैसी पाठ कहता है
posts-told-attempted = कोशिश का परिणाम: { $outcome }; अब { $state } { $so }
posts-told-rechecked-attempted = फिर जाँचा गया: { $members } कार्रवाइयाँ, हर एक वैसी ही जैसी पाठ कहता है; कोशिश का परिणाम: { $outcome }; अब { $state } { $so }
posts-told-put-off = टाली गई: { $why }
posts-told-withdrawn = वापस ली गई: { $why }
posts-told-uncertain = अनिश्चित ({ $why })
posts-told-looked-found = खोजा गया: मिल गई: { $link }; अब { $state }
posts-told-looked-blind = खोजा गया: देखा नहीं जा सका: { $reason }; अब { $state }
posts-told-looked-no-way = खोजा गया: यह खाता पढ़ा नहीं जा सकता; अब { $state }
posts-told-looked-nothing = खोजा गया: वहाँ नहीं है; अब { $state }
posts-told-decided-not-posted = निर्णय: यह नहीं डाली गई
posts-told-unclaimed = बिना किसी के लिए ही पोस्ट हुआ: { $link }
posts-told-late-receipt = रसीद देर से आई: { $link }
posts-told-heard = सुना गया: { $counts }
posts-told-erased = नियम के अनुसार मिटाए गए पाठ: { $texts }
posts-told-other = { $act }
posts-told-other-why = { $act }: { $why }
