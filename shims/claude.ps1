# `claude` for PowerShell, where a .ps1 is found before an .exe: everything is decided by `ccpin exec`. What
# PowerShell itself does to a call: it keeps the first bare `--` for itself (write '--' in quotes), before 7.3 it
# loses double quotes inside an argument and drops empty ones, and what is piped in passes through as text.
# claude.exe beside this file has none of these faults.

# `ccpin setup` fills these in.
$ccpinPython = ''
$ccpinHome = ''

if (-not $ccpinPython) {
    [Console]::Error.WriteLine('ccpin: this `claude` was not set up: `ccpin setup` does it')
    exit 127
}
if (-not (Test-Path -LiteralPath $ccpinPython -PathType Leaf)) {
    [Console]::Error.WriteLine("ccpin: its Python is gone ($ccpinPython): install ccpin again, then ``ccpin setup``")
    exit 127
}
if ($env:CCPIN_HOME) { $ccpinHome = $env:CCPIN_HOME }

# An empty $input piped in would close a stdin that Claude Code wants to read from the terminal.
if ($MyInvocation.ExpectingInput) {
    $input | & $ccpinPython -I -m ccpin exec --home $ccpinHome -- @args
} else {
    & $ccpinPython -I -m ccpin exec --home $ccpinHome -- @args
}
exit $LASTEXITCODE
