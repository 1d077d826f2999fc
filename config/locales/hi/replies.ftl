# बैंकों के अपने उत्तरों का अर्थ: पोस्ट के पृष्ठ पर, रिपोर्टों में, कमांड पर।

replies-class-canned = केवल शिष्टाचार
replies-class-acknowledgement = पावती
replies-class-claim = कार्रवाई का दावा
replies-class-dispute = आपत्ति
replies-class-other = कुछ और
replies-class-none = नहीं पढ़ा गया

replies-because-phrase = “{ $phrase }” का अर्थ: { $class }
replies-because-not-claimed = “{ $phrase }” यहाँ दावा नहीं है: साथ में “{ $against }” लिखा है
replies-because-asked = “{ $phrase }” यहाँ दावा नहीं है: यह पूछा गया है
replies-because-our-reference = इसमें इसी पोस्ट का संदर्भ लिखा है
replies-because-its-reference = इसमें बैंक का अपना संदर्भ दिया है
replies-because-said-before = बैंक ने { $posts } और पोस्टों पर लगभग यही लिखा था ({ $percent } % समान, उत्तर { $reply })
replies-because-nothing = इसमें किसी सूची का कोई वाक्यांश नहीं है

replies-heading = बैंक के उत्तर
replies-means = वाक्यांशों की सूचियों से पढ़ा गया है, किसी व्यक्ति ने नहीं पढ़ा। कार्रवाई का दावा बैंक का कथन है, प्रमाण नहीं।
replies-reply = उत्तर { $reply }
replies-unread = इसका पाठ नहीं रखा गया, इसलिए इसे पढ़ा नहीं गया।
replies-corrected-by = { $who } ने ठीक किया, { $at }
replies-read-as = सूचियों के अनुसार: { $class }
replies-correct = ठीक करें
replies-correct-means = इसके बाद हर रिपोर्ट में आपकी बात मानी जाएगी। यह आपके नाम से अभिलेख में रहेगी, और सूचियाँ इससे कुछ नहीं सीखेंगी।
replies-correct-class = सही अर्थ
replies-correct-do = ठीक करें
replies-correct-done = उत्तर { $what } ठीक कर दिया गया।
replies-not-a-class = उत्तरों का ऐसा कोई वर्ग नहीं है।
replies-told-corrected = उत्तर { $reply } ठीक किया गया: { $from } की जगह { $to }
replies-claimed-not-recorded = बैंक ने { $at } को कार्रवाई का दावा किया; मामलों के स्रोत में { $actions } में से { $pending } कार्रवाइयाँ अब भी लंबित हैं। दोनों में से एक ग़लत है: पता करें कि कौन-सा।

replies-unrecorded-title = दावा है, अभिलेख में नहीं
replies-unrecorded-about = वे टैग जिन पर बैंक के अपने खाते ने कार्रवाई का दावा किया, पर { $hours } घंटे या उससे अधिक बाद भी मामलों के स्रोत में उनकी कार्रवाइयाँ लंबित हैं। या तो बैंक ने कार्रवाई नहीं की, या इकाई का अभिलेख पीछे है।
replies-unrecorded-none = ऐसा कोई टैग नहीं है।
replies-unrecorded-some = ऐसे टैग: { $n }। हर एक के लिए पता करें कि दोनों में से कौन ग़लत है।
replies-column-bank = बैंक
replies-column-reference = संदर्भ
replies-column-claimed = दावा कब किया
replies-column-pending = अब भी लंबित (कार्रवाइयाँ)
replies-column-actions = टैग की कार्रवाइयाँ
replies-column-replies = उत्तर
replies-column-corrected = लोगों ने ठीक किए

replies-classes-title = बैंक क्या उत्तर देते हैं
replies-classes-about = इन दिनों की पोस्ट पर बैंकों के अपने उत्तर और उद्धरण, उनके अर्थ के अनुसार। व्यक्ति की बात सूचियों से पहले मानी जाती है। कार्रवाई का दावा बैंक का कथन है, प्रमाण नहीं।
replies-all-banks = सभी बैंक
replies-part-of = { $of } में से { $part }
replies-corrected-some = लोगों ने { $of } में से { $part } उत्तरों का अर्थ ठीक किया।
replies-chart-about = हर बैंक के उत्तरों में केवल शिष्टाचार का हिस्सा।
replies-chart-axis = केवल शिष्टाचार, उत्तरों में हिस्सा
