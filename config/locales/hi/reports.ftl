# Reports.
report-title-engagement = सार्वजनिक उल्लेखों का असर
report-title-banks = बैंक: कार्रवाई में लगा समय
report-title-orders = स्थायी आदेश और अनुमोदन
report-title-costs = पोस्ट करने का ख़र्च
