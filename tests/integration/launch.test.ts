import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLaunchTree } from '../helpers/launch-tree.ts'
import type { LaunchTree } from '../helpers/launch-tree.ts'

let tree: LaunchTree
beforeEach(() => {
  tree = createLaunchTree()
})
afterEach(() => tree.remove())

const lockfile = (packages: Record<string, { version: string; optional?: boolean }>) =>
  JSON.stringify({ lockfileVersion: 3, packages: { '': { version: '0.1.0' }, ...packages } })

/** Stands where npm's own script stands: notes what it was asked for, and installs what the lockfile says. */
const NPM = `
  const fs = require('node:fs')
  fs.appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n')
  if (process.env.NPM_FAILS) process.exit(1)
  fs.mkdirSync('node_modules', { recursive: true })
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
`

describe('npm start and npm test first install', () => {
  const setup = (env: Record<string, string> = {}) =>
    tree.run('electron/launch/setup.mjs', [], { npm_execpath: join(tree.root, 'npm.cjs'), ...env })
  const npmCalls = () =>
    existsSync(join(tree.root, 'npm-calls'))
      ? readFileSync(join(tree.root, 'npm-calls'), 'utf8').trim().split('\n')
      : []
  beforeEach(() => {
    tree.write('npm.cjs', NPM)
    tree.write('package-lock.json', lockfile({ 'node_modules/a': { version: '1.0.0' } }))
  })

  it('on a fresh machine, once', () => {
    expect(setup()).toMatchObject({ code: 0 })
    expect(npmCalls()).toEqual(['ci --no-audit --no-fund'])
    expect(setup()).toEqual({ code: 0, output: '' })
    expect(npmCalls()).toHaveLength(1)
  })

  it('again when the lockfile has changed', () => {
    setup()
    tree.write('package-lock.json', lockfile({ 'node_modules/a': { version: '1.0.1' } }))
    expect(setup().code).toBe(0)
    expect(npmCalls()).toHaveLength(2)
  })

  it('not when somebody has run npm ci before, whatever is optional', () => {
    tree.write('node_modules/.package-lock.json', lockfile({ 'node_modules/a': { version: '1.0.0' } }))
    tree.write(
      'package-lock.json',
      lockfile({
        'node_modules/a': { version: '1.0.0' },
        'node_modules/b-win': { version: '2.0.0', optional: true },
      }),
    )
    expect(setup().code).toBe(0)
    expect(npmCalls()).toEqual([])
  })

  it.each([
    ['another version', { 'node_modules/a': { version: '0.9.0' } }],
    ['a package short', {}],
  ])('when what is there is %s', (_case, record) => {
    tree.write('node_modules/.package-lock.json', lockfile(record))
    expect(setup().code).toBe(0)
    expect(npmCalls()).toHaveLength(1)
  })

  it('and say what to do when that fails, without believing that it worked', () => {
    const failed = setup({ NPM_FAILS: '1' })
    expect(failed.code).toBe(1)
    expect(failed.output).toContain('check the network or the proxy')
    expect(setup().code).toBe(0)
    expect(npmCalls()).toHaveLength(2)
  })
})

describe('the window program', () => {
  /** Runs `code` beside the probe and prints what it returns. */
  const probe = (code: string, env: Record<string, string> = {}) => {
    tree.write(
      'probe.mjs',
      `import * as electron from './electron/launch/lib/electron.mjs'\nconsole.log('=' + JSON.stringify(${code}))`,
    )
    const run = tree.run('probe.mjs', [], env)
    return { value: JSON.parse(/^=(.*)$/m.exec(run.output)?.[1] ?? 'null') as unknown, output: run.output }
  }
  beforeEach(() => {
    tree.write('node_modules/electron/package.json', '{ "version": "45.4.1" }')
    tree.write('node_modules/electron/index.js', 'throw new Error("importing electron downloads it")')
  })

  it('is found by its path file, never by importing it', () => {
    expect(probe('electron.findElectron()').value).toBeNull()
    tree.write('node_modules/electron/path.txt', 'electron')
    expect(probe('electron.findElectron()').value).toBeNull()
    tree.write('node_modules/electron/dist/electron', '')
    expect(probe('electron.findElectron()').value).toBe(
      join(tree.root, 'node_modules/electron/dist/electron'),
    )
  })

  it('is fetched once, and a failure is remembered until the version changes', () => {
    tree.write(
      'node_modules/electron/install.js',
      "import { appendFileSync } from 'node:fs'\nappendFileSync('attempts', 'x')\nprocess.exit(1)",
    )
    expect(probe('electron.fetchElectronOnce()')).toMatchObject({ value: null })
    expect(probe('electron.fetchElectronOnce()')).toMatchObject({ value: null })
    expect(readFileSync(join(tree.root, 'attempts'), 'utf8')).toBe('x')
    tree.write('node_modules/electron/package.json', '{ "version": "46.0.0" }')
    probe('electron.fetchElectronOnce()')
    expect(readFileSync(join(tree.root, 'attempts'), 'utf8')).toBe('xx')
  })

  it('is used when the download works', () => {
    tree.write(
      'node_modules/electron/install.js',
      `import { mkdirSync, writeFileSync } from 'node:fs'
       mkdirSync('node_modules/electron/dist', { recursive: true })
       writeFileSync('node_modules/electron/dist/electron', '')
       writeFileSync('node_modules/electron/path.txt', 'electron')`,
    )
    expect(probe('electron.fetchElectronOnce()').value).toBe(
      join(tree.root, 'node_modules/electron/dist/electron'),
    )
  })

  it('does not hold up a start for longer than 20 s', () => {
    tree.write('node_modules/electron/install.js', 'setInterval(() => {}, 1000)')
    const startMs = Date.now()
    expect(probe('electron.fetchElectronOnce()').value).toBeNull()
    expect(Date.now() - startMs).toBeLessThan(25_000)
  })

  it.runIf(process.platform === 'linux')('is not tried without a display', () => {
    expect(probe('electron.findWindowObstacle()').value).toBe('no display')
  })
})

describe('npm start', () => {
  const start = (args: readonly string[]) => tree.run('electron/launch/start.mjs', args)

  it('explains itself', () => {
    const help = start(['--help'])
    expect(help.code).toBe(0)
    for (const option of ['--demo', '--data-dir', '--port', '--no-open', '--lan', '--help']) {
      expect(help.output).toContain(option)
    }
  })

  it.each([['--prot', '4780'], ['--port', 'x'], ['--port', '70000'], ['demo']])(
    'refuses %s %s with the help',
    (...args) => {
      const refused = start(args.filter((arg) => arg !== undefined))
      expect(refused.code).toBe(2)
      expect(refused.output).toContain('Usage: npm start')
    },
  )

  it('shows what the build says when it fails', () => {
    tree.write(
      'node_modules/electron-vite/bin/electron-vite.js',
      "console.error('no such screen'); process.exit(1)",
    )
    tree.write('package-lock.json', '{}')
    const failed = start(['--no-open'])
    expect(failed.code).toBe(1)
    expect(failed.output).toContain('no such screen')
    expect(existsSync(join(tree.root, 'out', '.stamp'))).toBe(false)
  })
})

describe('the build', () => {
  const CLI = `import { appendFileSync, mkdirSync } from 'node:fs'
    mkdirSync('out', { recursive: true })
    appendFileSync('builds', 'x')`
  const build = () => tree.run('electron/launch/build.mjs', ['--if-stale'])
  const builds = () => readFileSync(join(tree.root, 'builds'), 'utf8').length
  beforeEach(() => {
    tree.write('node_modules/electron-vite/bin/electron-vite.js', CLI)
    tree.write('shared/domain/a.ts', 'export const a = 1\n')
  })

  it('runs when a source was changed, added or removed, and not otherwise', () => {
    build()
    build()
    expect(builds()).toBe(1)
    tree.write('shared/domain/a.ts', 'export const a = 2\n')
    build()
    expect(builds()).toBe(2)
    tree.write('renderer/b.ts', '')
    build()
    expect(builds()).toBe(3)
    rmSync(join(tree.root, 'renderer/b.ts'))
    build()
    build()
    expect(builds()).toBe(4)
    tree.write('tests/c.ts', '')
    build()
    expect(builds()).toBe(4)
  })

  it('does not wait for a build whose process is gone', () => {
    tree.write('node_modules/.chanbo-build-lock', '999999999')
    expect(build().code).toBe(0)
    expect(builds()).toBe(1)
  })
})
