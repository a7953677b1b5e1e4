// The phases of `npm test`: each runs a tool and says how many checks passed and failed.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findNode } from './node.mjs'
import { MODULES, ROOT } from './paths.mjs'

const VITEST_REPORT = join(ROOT, 'test-results', 'vitest.json')
const E2E_REPORT = join(ROOT, 'test-results', 'e2e.json')

/** Runs one of the project's tools on the project's Node; resolves with its exit code. */
function runTool(script, args, { quiet = false, env = {} } = {}) {
  const child = spawn(findNode(), [script, ...args], {
    cwd: ROOT,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    env: { ...process.env, ...env },
  })
  let output = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (output += chunk))
  return new Promise((done) => {
    child.on('close', (code) => done({ code: code ?? 1, output }))
  })
}

async function runCheck(script, args) {
  const { code, output } = await runTool(script, args, { quiet: true })
  if (code !== 0) console.log(output.trimEnd())
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
}

function readReport(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null
}

/** A run that ended without a report, or failed without a failed test (an error outside tests), counts as one failure. */
function withVerdict(counts, code) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

async function runVitest() {
  rmSync(VITEST_REPORT, { force: true })
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${VITEST_REPORT}`]
  const { code } = await runTool(join(MODULES, 'vitest', 'vitest.mjs'), ['run', ...reporters])
  const report = readReport(VITEST_REPORT)
  const counts = {
    passed: report?.numPassedTests ?? 0,
    failed: (report?.numFailedTests ?? 0) + countBrokenFiles(report),
    skipped: report?.numPendingTests ?? 0,
  }
  return withVerdict(counts, code)
}

/** Files that could not even be loaded have no test to count. */
function countBrokenFiles(report) {
  return (report?.testResults ?? []).filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length
}

async function runEndToEnd() {
  rmSync(E2E_REPORT, { force: true })
  const cli = join(MODULES, '@playwright', 'test', 'cli.js')
  const { code } = await runTool(cli, ['test', '--pass-with-no-tests'], {
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: E2E_REPORT },
  })
  const stats = readReport(E2E_REPORT)?.stats
  const counts = {
    passed: (stats?.expected ?? 0) + (stats?.flaky ?? 0),
    failed: stats?.unexpected ?? 0,
    skipped: stats?.skipped ?? 0,
  }
  return withVerdict(counts, code)
}

export const PHASES = [
  {
    name: 'build',
    run: () => runCheck(join(ROOT, 'electron', 'launch', 'build.mjs'), ['--if-stale']),
  },
  { name: 'typecheck', run: () => runCheck(join(ROOT, 'tests', 'helpers', 'typecheck.mjs'), []) },
  {
    name: 'lint',
    run: () =>
      runCheck(join(MODULES, 'eslint', 'bin', 'eslint.js'), [
        '.',
        '--max-warnings',
        '0',
        '--concurrency',
        '2',
      ]),
  },
  {
    name: 'format',
    run: () =>
      runCheck(join(MODULES, 'prettier', 'bin', 'prettier.cjs'), ['--check', '--log-level', 'warn', '.']),
  },
  { name: 'vitest', run: runVitest },
  { name: 'e2e', run: runEndToEnd },
]
