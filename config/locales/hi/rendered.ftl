# What every report says around its own content, in every format.
rendered-days = { $from } से { $until } तक
rendered-as-of = { $at } तक की स्थिति ({ $zone })
rendered-edition-unit = केवल इकाई के लिए
rendered-edition-public = जनता के लिए
rendered-notes = पढ़ने से पहले
rendered-contents = विषय-सूची
rendered-warning = ध्यान दें:
rendered-no-rows = इन दिनों के लिए बताने को कुछ नहीं है।
rendered-page = पृष्ठ { $n } / { $of }
rendered-about = परिचय
rendered-unit = इकाई
rendered-covers = अवधि
rendered-true = कब की स्थिति
rendered-edition = किसके लिए
rendered-sheet = पत्रक
rendered-measure = माप
rendered-definition = क्या गिना गया है
rendered-findings = मुख्य बातें

# The console's page of reports.
nav-reports = रिपोर्टें
reports-subject = रिपोर्ट
reports-from = पहला दिन
reports-until = अंतिम दिन
reports-edition = किसके लिए
reports-show = दिखाएँ
reports-have = रिपोर्ट डाउनलोड करें
reports-week = पिछले 7 दिन
reports-month = पिछले 28 दिन
reports-quarter = पिछले 13 सप्ताह
reports-year = पिछले 365 दिन
reports-file-html = पृष्ठ (HTML)
reports-file-pdf = PDF
reports-file-xlsx = कार्यपुस्तिका (Excel)
reports-file-csv = CSV
reports-file-json = JSON
reports-unknown = “{ $text }” यहाँ ज्ञात नहीं है। सूचियों में से चुनें।
reports-no-day = “{ $text }” कोई दिन नहीं है। 2026-11-28 की तरह लिखें।
reports-backwards = पहला दिन अंतिम दिन के बाद का है। दोनों में से एक बदलें।
reports-future = अंतिम दिन अभी आया नहीं है। कल का या उससे पहले का दिन चुनें।
reports-too-many = दिन बहुत अधिक हैं। बाद का पहला दिन चुनें।

# The weekly mail.
rendered-mail-attached = पूरी रिपोर्ट PDF के रूप में संलग्न है। यह केवल इकाई के लिए है।
reports-for-the-unit = इसका सार्वजनिक संस्करण नहीं है: यह इकाई के अपने काम के बारे में है।
