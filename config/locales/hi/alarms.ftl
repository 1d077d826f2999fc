# Alarms: what rings, and who looks after it.
nav-alarms = अलार्म
alarms-waiting = किसी के लेने की प्रतीक्षा में
alarms-none = कोई अलार्म नहीं बज रहा।
alarms-taken = हाल में लिए गए
alarms-means = जिस अलार्म को { $length } में कोई न ले, वह सारा भेजना रोक देता है; केवल सूचना देने वाला नहीं रोकता।
alarms-only-tells = यह केवल सूचना देता है: कुछ नहीं रोकता।
alarms-raised = कब बजा
alarms-rung = ड्यूटी अधिकारी तक पहुँचा { $at }
alarms-not-rung = ड्यूटी अधिकारी तक नहीं पहुँचा
alarms-over = कारण समाप्त { $at }
alarms-stopped = सारा भेजना रोका { $at }
alarms-take = सँभालने के लिए लें
alarms-done = यह अलार्म अब आपका है: इसे देखें।{ $what }
alarms-taken-by = { $who } ने लिया
alarms-band = { $n ->
    [one] { $n } अलार्म किसी के लेने की प्रतीक्षा में है।
   *[other] { $n } अलार्म किसी के लेने की प्रतीक्षा में हैं।
 }
alarms-what-breaker-tripped = ब्रेकर ने रोक लगाई
alarms-what-ledger-restored = बही बैकअप से लौटाई गई
alarms-what-look-alike = बैंक के खाते से मिलता-जुलता नक़ली खाता
alarms-what-unknown-post = ऐसी पोस्ट जो यहाँ किसी ने नहीं डाली
alarms-what-post-changed = एक पोस्ट बदली गई
alarms-what-post-deleted = एक पोस्ट हटा दी गई
alarms-what-profile-changed = खाते की प्रोफ़ाइल बदली
alarms-what-handle-changed = बैंक का हैंडल बदला
alarms-what-source-down = मामलों का स्रोत उत्तर नहीं देता
alarms-what-feed-silent = मंच से कुछ सुनाई नहीं देता
alarms-what-unsealed = अभिलेख मुहरबंद नहीं हो रहा
alarms-what-uncertain-delivery = एक पोस्ट गई या नहीं, पता नहीं
alarms-what-dispute-undecided = एक विवाद अनुमोदक की प्रतीक्षा में
alarms-what-grant-broken = एक खाता फिर से जोड़ना होगा
alarms-what-weekly-report = साप्ताहिक रिपोर्ट शायद नहीं पहुँची
