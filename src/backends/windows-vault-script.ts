// The script for Windows PowerShell 5.1. It is the same for every call: verb, account and token are passed on stdin,
// since the script block log (event 4104) records its text.
//
// - ASCII and base64 in both directions, over the raw streams: 5.1 uses the console's OEM code page for text.
// - No cmdlet and no function, only keywords and .NET: with a PSModulePath inherited from pwsh 7, 5.1 does not find
//   New-Object and others (PowerShell/PowerShell#27774).
// - No variable `input`: a host that finds it in a script reads stdin itself (PowerShell/PowerShell, ConsoleHost.cs,
//   IsUsingDollarInput).
// - Constrained language mode (AppLocker, App Control) forbids .NET calls, with [Console], but no keyword: only an exit
//   code can report it (PowerShell-Docs, about_Language_Modes).
// - An index beyond the end of an array is $null, and .NET gets it as '': a request cut short must not name another
//   account, hence the check of its length.
// - Names are compared with CompareOrdinal, since -ceq compares by culture and ignores U+00AD.
// - It is not documented whether PasswordVault distinguishes names that differ only in case. If Retrieve returns
//   another name than the requested one, it does not: get and remove then report 'absent', and set adds nothing, since
//   the other account's token would be lost. Add reports any other failure of that Retrieve.
// - Add replaces an existing item (Windows-universal-samples, PasswordVault Scenario1_Save); the reference does not say
//   so, hence the read-back. Remove followed by Add loses the old token if Add is refused (hypit-ai/hypit#249).
// - A missing item is an exception (winrt-api, PasswordVault.Retrieve), which PowerShell wraps in its own, with a
//   localized text. So for any exception the script reports the step and all HRESULTs, outermost
//   first; windows-vault.ts interprets them.
import {SERVICE} from './backend.js'

/** The exit code for constrained language mode. */
export const CONSTRAINED = 77

/** The first word of every answer. */
export const MARK = 'heroku-keychain'

// 5.1 loads a Windows Runtime type only if the literal names the assembly.
const winrt = (type: string) =>
  `[Windows.Security.Credentials.${type},Windows.Security.Credentials,ContentType=WindowsRuntime]`

export const SCRIPT = `# heroku-keychain: reads, stores or removes the Heroku API token in Windows PasswordVault
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if ('FullLanguage' -ne $ExecutionContext.SessionState.LanguageMode) { exit ${CONSTRAINED} }
$step = 'start'
try {
  $utf8 = [System.Text.Encoding]::UTF8
  $stdin = [System.IO.StreamReader]::new([System.Console]::OpenStandardInput(), [System.Text.Encoding]::ASCII)
  $request = $stdin.ReadLine().Split(' ')
  if ($request.Length -ne 3) { throw 'request' }
  $verb = $request[0]
  $account = $utf8.GetString([System.Convert]::FromBase64String($request[1]))
  $token = $utf8.GetString([System.Convert]::FromBase64String($request[2]))
  $step = 'open'
  $vault = ${winrt('PasswordVault')}::new()
  if ($verb -eq 'set') {
    $step = 'twin'
    $name = $account
    try { $name = $vault.Retrieve('${SERVICE}', $account).UserName } catch { }
    if ([System.String]::CompareOrdinal($name, $account) -ne 0) { throw 'twin' }
    $step = 'add'
    $vault.Add(${winrt('PasswordCredential')}::new('${SERVICE}', $account, $token))
  }
  $step = 'look'
  if ($verb -eq 'accounts') {
    $answer = 'accounts'
    foreach ($item in $vault.FindAllByResource('${SERVICE}')) {
      $answer += ' ' + [System.Convert]::ToBase64String($utf8.GetBytes($item.UserName))
    }
  } else {
    $item = $vault.Retrieve('${SERVICE}', $account)
    if ([System.String]::CompareOrdinal($item.UserName, $account) -ne 0) {
      $answer = 'absent'
    } elseif ($verb -eq 'remove') {
      $step = 'remove'
      $vault.Remove($item)
      $step = 'gone'
      $item = $vault.Retrieve('${SERVICE}', $account)
      $answer = 'kept'
    } else {
      $answer = 'token ' + [System.Convert]::ToBase64String($utf8.GetBytes($item.Password))
    }
  }
} catch {
  $answer = 'error ' + $step
  for ($e = $_.Exception; $null -ne $e; $e = $e.InnerException) { $answer += ' ' + $e.HResult.ToString('X8') }
}
$bytes = [System.Text.Encoding]::ASCII.GetBytes('${MARK} ' + $answer + [char]10)
$stdout = [System.Console]::OpenStandardOutput()
$stdout.Write($bytes, 0, $bytes.Length)
$stdout.Flush()
exit 0
`

/** The arguments of powershell.exe. An encoded script needs no quoting (PowerShell-Docs 5.1, about_PowerShell_exe). */
export const ARGUMENTS: readonly string[] = [
  '-NoLogo',
  '-NoProfile',
  '-NonInteractive',
  '-EncodedCommand',
  Buffer.from(SCRIPT, 'utf16le').toString('base64'),
]
