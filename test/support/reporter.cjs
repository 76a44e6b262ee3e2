// mocha's spec report, plus a line for each failed test and one with the counts at the end. CommonJS, since mocha loads
// reporters with require().
const {Spec} = require('mocha').reporters

module.exports = class Reporter extends Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once('end', () => {
      for (const test of this.failures) {
        console.log(`FAILED: ${test.fullTitle()}: ${String(test.err?.message).split('\n', 1)[0]}`)
      }
      const {failures, passes, pending} = runner.stats
      console.log(`${passes} passed, ${failures} failed, ${pending} skipped`)
    })
  }
}
