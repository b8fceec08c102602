@echo off
rem `claude` for cmd.exe, where claude.exe beside this file is not what was found: everything is decided by
rem `ccpin exec`. What cmd itself does to a call, no batch file can undo: arguments are expanded once more (a
rem percent sign or a caret outside of quotes does not arrive as typed), a line break ends the call, 8191
rem characters are all there is, and Ctrl-C asks "Terminate batch job (Y/N)?" after Claude Code has gone.
setlocal EnableExtensions DisableDelayedExpansion
rem `ccpin setup` fills these in.
set "CCPIN_PYTHON="
set "CCPIN_SHIM_HOME="

if not defined CCPIN_PYTHON goto not_set_up
if not exist "%CCPIN_PYTHON%" goto gone
if defined CCPIN_HOME set "CCPIN_SHIM_HOME=%CCPIN_HOME%"
rem A backslash at the end would take the quote behind it for a character of the path.
if "%CCPIN_SHIM_HOME:~-1%"=="\" set "CCPIN_SHIM_HOME=%CCPIN_SHIM_HOME%."

rem One line: cmd fills in the names before it runs endlocal, so neither of them reaches the environment of
rem Claude Code. `exit /b` without a number keeps the code that Python ended with.
endlocal & "%CCPIN_PYTHON%" -I -m ccpin exec --home "%CCPIN_SHIM_HOME%" -- %*
exit /b

:not_set_up
echo ccpin: this `claude` was not set up: `ccpin setup` does it>&2
exit /b 127

:gone
echo ccpin: its Python is gone ("%CCPIN_PYTHON%"): install ccpin again, then `ccpin setup`>&2
exit /b 127
