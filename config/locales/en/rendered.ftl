# What every report says around its own content, in every format.
rendered-days = { $from } to { $until }
rendered-as-of = As of { $at } ({ $zone })
rendered-edition-unit = For the unit alone
rendered-edition-public = For the public
rendered-notes = Before you read
rendered-contents = Contents
rendered-warning = Look at this:
rendered-no-rows = Nothing to report in these days.
rendered-page = Page { $n } of { $of }
rendered-about = About
rendered-unit = Unit
rendered-covers = Days
rendered-true = As of
rendered-edition = Edition
rendered-sheet = Sheet
rendered-measure = Measure
rendered-definition = What is counted
rendered-findings = Findings

# The console's page of reports.
nav-reports = Reports
reports-subject = Report
reports-from = First day
reports-until = Last day
reports-edition = Edition
reports-show = Show
reports-have = Download the report
reports-week = Last 7 days
reports-month = Last 28 days
reports-quarter = Last 13 weeks
reports-year = Last 365 days
reports-file-html = Page (HTML)
reports-file-pdf = PDF
reports-file-xlsx = Workbook (Excel)
reports-file-csv = CSV
reports-file-json = JSON
reports-unknown = “{ $text }” is not known here. Choose from the lists.
reports-no-day = “{ $text }” is no day. Write it as 2026-11-28.
reports-backwards = The first day comes after the last. Change one of them.
reports-future = The last day has not come yet. Choose yesterday or an earlier day.
reports-too-many = These are too many days. Choose a later first day.

# The weekly mail.
rendered-mail-attached = The whole report is attached as a PDF. It is for the unit alone.
reports-for-the-unit = There is no public edition of it: it tells of the unit’s own work.
