// mocha's own report, with its own count in one line at the end. CommonJS, since mocha requires its reporters.
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
