# Reports.
report-title-engagement = What public tags achieve
report-title-banks = Banks: time to action
report-title-orders = Standing orders and approvals
report-title-costs = What posting costs
