// The one script that Windows PowerShell 5.1 is given, the same at every call: verb, account and token come on stdin, so
// that the log of script blocks (event 4104), which gets this text, never gets them.
//
// - ASCII and base64 both ways, over the raw streams: 5.1 reads and writes text in the console's OEM code page.
// - No cmdlet and no function, only keywords and .NET: a PSModulePath inherited from pwsh 7 takes New-Object and its
//   like away from 5.1 (PowerShell/PowerShell#27774).
// - The variable `input` is never named: a host that finds it in a script reads stdin itself (PowerShell/PowerShell,
//   ConsoleHost.cs, IsUsingDollarInput).
// - Constrained language mode (AppLocker, App Control) rules out .NET calls, [Console] included, but no keyword: an exit
//   code is all that can be said there (PowerShell-Docs, about_Language_Modes).
// - Names are compared with CompareOrdinal, since -ceq compares as a culture does and takes U+00AD for nothing.
// - Nobody says whether PasswordVault takes two names that differ in case alone for one. If Retrieve gives back another
//   name than it was asked for, it does: for get and remove that is 'absent', and set adds nothing, since the other
//   account's token would be lost. Whatever else is wrong at that point is wrong with Add too, and said then.
// - Add replaces what is there (Windows-universal-samples, PasswordVault Scenario1_Save); the reference does not say so,
//   hence the reading back. Remove and then Add lost the old token where Add was refused (hypit-ai/hypit#249).
// - Nothing found is an exception (winrt-api, PasswordVault.Retrieve), which PowerShell wraps in one of its own, with a
//   localised text. So any exception is answered with the step that it happened in and all HRESULTs, outermost first;
//   what they mean is for windows-vault.ts to say.
import {SERVICE} from './backend.js'

/** The exit code that says: constrained language mode. */
export const CONSTRAINED = 77

/** What every answer begins with. */
export const MARK = 'heroku-keychain'

// The assembly in the literal is what makes 5.1 load a Windows Runtime type.
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

/** What follows powershell.exe. An encoded script needs no quoting (PowerShell-Docs 5.1, about_PowerShell_exe). */
export const ARGUMENTS: readonly string[] = [
  '-NoLogo',
  '-NoProfile',
  '-NonInteractive',
  '-EncodedCommand',
  Buffer.from(SCRIPT, 'utf16le').toString('base64'),
]
