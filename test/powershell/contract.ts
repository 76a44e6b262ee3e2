// The contract of all keychains, through the script in a real PowerShell 7: `npm run test:powershell`.
import {openWindowsVault} from '../../src/backends/windows-vault.js'
import {run} from '../../src/process/run.js'
import {describeKeychain} from '../contract/keychain-contract.js'
import {installPowershell, type RealPowershell} from '../support/powershell.js'

describe('windows-vault in PowerShell 7', () => {
  let powershell: RealPowershell
  before(() => {
    powershell = installPowershell()
  })
  after(() => {
    powershell.uninstall()
  })

  const open = () => Promise.resolve(openWindowsVault({run, timeoutMs: 30_000, program: powershell.program}))
  const clear = () => {
    powershell.plan({})
    return Promise.resolve()
  }
  describeKeychain('windows-vault', open, {longestToken: () => 512, clear})
})
