// mocha's spec report, plus a line with the counts at the end. CommonJS, since mocha loads reporters with require().
const {Spec} = require('mocha').reporters

module.exports = class Reporter extends Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once('end', () => {
      const {failures, passes, pending} = runner.stats
      console.log(`${passes} passed, ${failures} failed, ${pending} skipped`)
    })
  }
}
