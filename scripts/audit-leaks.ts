// Prints the leak audit as a table: the commands, the number of runs, and the secrets seen where they don't belong.
import {auditLeaks} from '../test/support/leak-audit.js'
import {reportOf, tableOf} from '../test/support/leak-report.js'
import {saveFigures} from '../test/support/trust.js'

const started = performance.now()
const tried = await auditLeaks({}, () => process.stderr.write('.'))
process.stderr.write('\n')
const report = reportOf(tried, performance.now() - started)
saveFigures('leaks', report)
process.stdout.write(tableOf(report))
for (const problem of report.problems) process.stdout.write(`\nFAILED: ${problem}\n`)
if (report.problems.length > 0) process.exitCode = 1
