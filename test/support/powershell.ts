// A real PowerShell 7 in place of powershell.exe. It runs the script of src unchanged, except for the two literals of
// WinRT types, which .NET 5 and later cannot load: they name classes of test/fixtures/windows/PasswordVault.cs instead.
import {execFileSync} from 'node:child_process'
import {accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {ARGUMENTS, SCRIPT} from '../../src/backends/windows-vault-script.js'
import type {Item} from '../fixtures/windows/fake-powershell.js'
import {REPOSITORY} from './npm.js'

/** The vault's behavior, and its failures; see PasswordVault.cs. */
export interface VaultPlan {
  fold?: boolean
  dropAdd?: boolean
  dropRemove?: boolean
  fail?: Record<string, string[]>
}

export interface RealPowershell {
  /** Takes powershell.exe's arguments. It exits with 64 if they are not those of src. */
  program: string
  /** The same, with one byte per read of stdin. */
  slowly: string
  plan: (plan: VaultPlan, ...items: Item[]) => void
  items: () => Item[]
  uninstall: () => void
}

/** The one on PATH, or that of scripts/setup.sh. */
export const PWSH = [
  ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'pwsh')),
  join(REPOSITORY, '.cache', 'powershell', 'pwsh'),
].find(isProgram)

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const ASSEMBLY = ',Windows.Security.Credentials,ContentType=WindowsRuntime'
const TYPE = /\[(Windows\.Security\.Credentials\.\w+),Windows\.Security\.Credentials,ContentType=WindowsRuntime\]/gu

/** The names of the types whose literals {@link withoutAssembly} changes. */
export const replacedTypes = (script: string) => [...script.matchAll(TYPE)].map(([, type = '']) => type)

/** Removes the assembly from the literals of WinRT types, and changes nothing else. */
export const withoutAssembly = (script: string) => script.replaceAll(TYPE, (literal) => literal.replace(ASSEMBLY, ''))

export const encodeCommand = (script: string) => Buffer.from(script, 'utf16le').toString('base64')

/** PowerShell keeps a cache of its start there; and it must not use the developer's home. */
const shared = mkdtempSync(join(tmpdir(), 'heroku-keychain-powershell-'))
process.once('exit', () => {
  rmSync(shared, {recursive: true, force: true})
})

export const POWERSHELL_ENV = {
  HOME: shared,
  XDG_CACHE_HOME: join(shared, 'cache'),
  XDG_CONFIG_HOME: join(shared, 'config'),
  XDG_DATA_HOME: join(shared, 'data'),
  POWERSHELL_TELEMETRY_OPTOUT: '1',
  POWERSHELL_UPDATECHECK: 'Off',
  NO_COLOR: '1',
}

let library: string | undefined

/** Compiles PasswordVault.cs, once in a process. */
function vaultLibrary(): string {
  if (library !== undefined) return library
  const file = join(shared, 'PasswordVault.dll')
  const source = join(REPOSITORY, 'test', 'fixtures', 'windows', 'PasswordVault.cs')
  const command = `$ErrorActionPreference = 'Stop'; Add-Type -Path '${source}' -OutputAssembly '${file}'`
  execFileSync(pwsh(), ['-NoProfile', '-NonInteractive', '-EncodedCommand', encodeCommand(command)], {
    env: {...process.env, ...POWERSHELL_ENV},
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  library = file
  return file
}

/**
 * The path of PowerShell 7.
 * @throws {Error} if there is none
 */
export function pwsh(): string {
  if (PWSH === undefined) throw new Error('there is no PowerShell 7: bash scripts/setup.sh powershell')
  return PWSH
}

/**
 * Puts programs in place of powershell.exe into a new folder, with an empty vault.
 * @param prelude PowerShell to run before the script
 * @param script what to run instead of the script of src, whose arguments the program takes all the same
 */
export function installPowershell({prelude = '', script = SCRIPT} = {}): RealPowershell {
  const folder = mkdtempSync(join(tmpdir(), 'heroku-keychain-pwsh-'))
  const state = join(folder, 'vault.json')
  const plan: RealPowershell['plan'] = (plan, ...items) => {
    writeFileSync(state, JSON.stringify({...plan, items}))
  }

  const load = `$null = [System.Reflection.Assembly]::LoadFrom('${vaultLibrary()}')\n`
  const env = Object.entries({...POWERSHELL_ENV, VAULT: state}).map(([name, value]) => `export ${name}='${value}'\n`)
  const program = join(folder, 'powershell.exe')
  const replaced = encodeCommand(`${load}${prelude}\n${withoutAssembly(script)}`)
  writeFileSync(
    program,
    `#!/bin/sh\n[ "$*" = '${ARGUMENTS.join(' ')}' ] || exit 64\n${env.join('')}` +
      `exec '${pwsh()}' "$1" "$2" "$3" "$4" '${replaced}'\n`,
    {mode: 0o755},
  )
  mkdirSync(join(folder, 'slowly'))
  const slowly = join(folder, 'slowly', 'powershell.exe')
  const reads = join(REPOSITORY, 'test', 'fixtures', 'windows', 'one-byte-reads.py')
  writeFileSync(slowly, `#!/bin/sh\nexec /usr/bin/python3 '${reads}' '${program}' "$@"\n`, {mode: 0o755})
  plan({})

  return {
    program,
    slowly,
    plan,
    items: () => (JSON.parse(readFileSync(state, 'utf8')) as {items: Item[]}).items,
    uninstall: () => {
      rmSync(folder, {recursive: true, force: true})
    },
  }
}
