// The phases of `npm test`: each runs a tool and says how many checks passed and failed.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { findNode } from './node.mjs'
import { MODULES, ROOT } from './paths.mjs'

const VITEST_REPORT = join(ROOT, 'test-results', 'vitest.json')
const E2E_REPORT = join(ROOT, 'test-results', 'e2e.json')

/**
 * Compiled code of tools, of the threads that tests start from sources and of the processes they start is kept from one to
 * the next: a third of the processor time of the tests that plan.
 */
const COMPILED_CODE = join(MODULES, '.cache', 'compiled')

/** Runs one of the project's tools on the project's Node; resolves with its exit code. */
function runTool(script, args, { quiet = false, env = {} } = {}) {
  const child = spawn(findNode(), [script, ...args], {
    cwd: ROOT,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    env: { NODE_COMPILE_CACHE: COMPILED_CODE, ...process.env, ...env },
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
  return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0, output }
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
  const names = listVitestFailures(report)
  const counts = {
    passed: report?.numPassedTests ?? 0,
    failed: names.length,
    skipped: report?.numPendingTests ?? 0,
    names,
  }
  return withVerdict(counts, code)
}

/** Failed tests by file and name; a file that could not even be loaded has no test to name. */
function listVitestFailures(report) {
  return (report?.testResults ?? []).flatMap((file) => {
    const failed = file.assertionResults.filter((test) => test.status === 'failed')
    const path = relative(ROOT, file.name)
    if (failed.length === 0) return file.status === 'failed' ? [`${path}: ${firstLine(file.message)}`] : []
    return failed.map((test) => `${path}: ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`)
  })
}

const firstLine = (text) => (text ?? '').split('\n', 1)[0].slice(0, 400)

function listBrowserFailures(suites, path = '') {
  return (suites ?? []).flatMap((suite) => [
    ...listBrowserFailures(suite.suites, suite.file ?? path),
    ...(suite.specs ?? [])
      .filter((spec) => !spec.ok)
      .map((spec) => {
        const error = spec.tests.flatMap((test) => test.results).find((result) => result.error)?.error
        return `${suite.file ?? path}: ${spec.title}: ${firstLine(error?.message)}`
      }),
  ])
}

async function runEndToEnd() {
  rmSync(E2E_REPORT, { force: true })
  const cli = join(MODULES, '@playwright', 'test', 'cli.js')
  const { code } = await runTool(cli, ['test', '--pass-with-no-tests'], {
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: E2E_REPORT },
  })
  const report = readReport(E2E_REPORT)
  const stats = report?.stats
  const counts = {
    passed: (stats?.expected ?? 0) + (stats?.flaky ?? 0),
    failed: stats?.unexpected ?? 0,
    skipped: stats?.skipped ?? 0,
    names: listBrowserFailures(report?.suites),
  }
  return withVerdict(counts, code)
}

const build = {
  name: 'build',
  run: () => runCheck(join(ROOT, 'electron', 'launch', 'build.mjs'), ['--if-stale']),
}
const typecheck = {
  name: 'typecheck',
  run: () => runCheck(join(ROOT, 'tests', 'helpers', 'typecheck.mjs'), []),
}
const lint = {
  name: 'lint',
  run: () => runCheck(join(MODULES, 'eslint', 'bin', 'eslint.js'), ['.', '--max-warnings', '0']),
}
const format = {
  name: 'format',
  run: () =>
    runCheck(join(MODULES, 'prettier', 'bin', 'prettier.cjs'), ['--check', '--log-level', 'warn', '.']),
}

/**
 * One stage after the other; the rows of a stage side by side. The linter runs in one thread beside the compilers: each of
 * its threads would build the types of the whole project for itself.
 */
export const STAGES = [
  [[build, typecheck, format], [lint]],
  [[{ name: 'vitest', run: runVitest }]],
  [[{ name: 'e2e', run: runEndToEnd }]],
]
