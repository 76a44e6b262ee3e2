import {expect} from 'chai'
import {fileURLToPath} from 'node:url'
import {ARGUMENTS, SCRIPT} from '../../../src/backends/windows-vault-script.js'
import {run} from '../../../src/process/run.js'

interface Parsed {
  wrong: string[]
  commands: string[]
  variables: string[]
}

// The grammar does not support an assembly in a type literal; PowerShell does. Only this form is replaced.
const ASSEMBLY = /,Windows\.Security\.Credentials,ContentType=WindowsRuntime\]::new\(/gu

const parser = fileURLToPath(new URL('../../fixtures/windows/parse-powershell.mjs', import.meta.url))

async function parse(script: string): Promise<Parsed> {
  const input = script.replaceAll(ASSEMBLY, ']::new(')
  const ran = await run(process.execPath, ['--liftoff-only', parser], {input, timeoutMs: 9000})
  if (ran.status !== 'exited' || ran.code !== 0) throw new Error(`the parser did not run: ${JSON.stringify(ran)}`)
  return JSON.parse(ran.stdout) as Parsed
}

describe('windows-vault-script', () => {
  it('is valid PowerShell, and calls no cmdlet, function or program', async () => {
    const {wrong, commands} = await parse(SCRIPT)
    expect(wrong).to.deep.equal([])
    expect(commands).to.deep.equal([])
  })

  it("uses only its own and PowerShell's variables, and not the one that makes the host read stdin", async () => {
    const {variables} = await parse(SCRIPT)
    const automatic = ['$ErrorActionPreference', '$ProgressPreference', '$ExecutionContext', '$null', '$_']
    const own = '$step $utf8 $stdin $request $verb $account $token $vault $name $answer $item $e $bytes $stdout'.split(
      ' ',
    )
    expect(variables.sort()).to.deep.equal([...automatic, ...own].sort())
  })

  const planted: Record<string, [string, string]> = {
    'a brace too few': ["  $step = 'look'\n", "  $step = 'look' }\n"],
    'an open parenthesis': ["Split(' ')", "Split(' '"],
    'an open string': ["'absent'", "'absent"],
    'a keyword gone wrong': ['} elseif (', '} elsif ('],
    'another assembly': ['ContentType=WindowsRuntime]', 'ContentType=Windows]'],
  }
  for (const [what, [right, wrong]] of Object.entries(planted)) {
    it(`would be caught with ${what}`, async () => {
      expect(SCRIPT).to.include(right)
      const {wrong: found, commands} = await parse(SCRIPT.replace(right, wrong))
      expect([...found, ...commands]).not.to.deep.equal([])
    })
  }

  const calls = ['New-Object X', '$x | Out-Null', '& $x', '$a = "$(Get-Date)"', '$x.Where({ Write-Host $_ })']
  for (const call of calls) {
    it(`would be caught calling a command: ${call}`, async () => {
      expect((await parse(`${call}\n${SCRIPT}`)).commands).to.have.length(1)
    })
  }

  it('is printable ASCII', () => {
    expect(SCRIPT).to.match(/^[\n\u0020-\u007E]+$/u)
  })

  it('compares names by code units', () => {
    expect(SCRIPT).not.to.match(/\$(account|name|item\.UserName)\s+-\w+/iu)
  })

  it('exits in constrained language mode before any forbidden statement', () => {
    const check = SCRIPT.indexOf("if ('FullLanguage' -ne $ExecutionContext.SessionState.LanguageMode) { exit 77 }")
    expect(check).to.be.greaterThan(0)
    expect(SCRIPT.slice(0, check)).not.to.match(/\[|\(|::/u)
  })

  it('fits into a command line, even of cmd.exe', () => {
    expect(
      `C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe ${ARGUMENTS.join(' ')}`.length,
    ).to.be.lessThan(8191)
  })

  it('is passed as base64 of UTF-16LE', () => {
    expect(ARGUMENTS.slice(0, -1)).to.deep.equal(['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand'])
    expect(Buffer.from(ARGUMENTS.at(-1) ?? '', 'base64').toString('utf16le')).to.equal(SCRIPT)
  })
})
