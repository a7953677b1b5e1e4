import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { listPackage } from '@electron/asar'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from '../../electron/launch/lib/build.mjs'

const ROOT = resolve(import.meta.dirname, '../..')
/** Where a real Electron binary keeps its fuses: this mark, version 1, the number of fuses, one character each. */
const FUSE_MARK = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const FUSES_AS_SHIPPED = '101100010'

/** Packs without a network: the place of Electron's own files is held by a few empty ones and one with fuses. */
describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chanbo-package-'))
  const resources = join(folder, 'out', 'linux-unpacked', 'resources')
  let packed: string[] = []
  beforeAll(() => {
    ensureBuilt({ quiet: true })
    const electronDist = join(folder, 'electron')
    mkdirSync(join(electronDist, 'locales'), { recursive: true })
    const fuses = Buffer.concat([Buffer.from([1, FUSES_AS_SHIPPED.length]), Buffer.from(FUSES_AS_SHIPPED)])
    writeFileSync(join(electronDist, 'electron'), Buffer.concat([Buffer.from(FUSE_MARK), fuses]), {
      mode: 0o755,
    })
    for (const name of ['version', 'LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox']) {
      writeFileSync(join(electronDist, name), '')
    }
    const cli = join(ROOT, 'node_modules/electron-builder/cli.js')
    const overrides = [`-c.electronDist=${electronDist}`, `-c.directories.output=${join(folder, 'out')}`]
    const run = spawnSync(process.execPath, [cli, '--dir', '--linux', '--x64', ...overrides], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, ELECTRON_BUILDER_OFFLINE: 'true' },
    })
    if (run.status !== 0) throw new Error(`${run.error ?? run.signal}\n${run.stdout}\n${run.stderr}`)
    packed = listPackage(join(resources, 'app.asar'), { isPack: false }).map((path) =>
      path.replaceAll('\\', '/'),
    )
  }, 180_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('has every entry of the build, and no source and no map', () => {
    for (const name of ['index', 'core-worker', 'reader-worker', 'scheduler-worker', 'import-worker']) {
      expect(packed).toContain(`/out/main/${name}.js`)
    }
    expect(packed).toContain('/out/preload/index.cjs')
    expect(packed).toContain('/out/renderer/index.html')
    expect(packed).toContain('/package.json')
    expect(packed.filter((path) => /\.(map|vue)$|^\/(electron|renderer|shared|tests)\//.test(path))).toEqual(
      [],
    )
  })

  it('has the dependencies that are not bundled, and none that are', () => {
    const modules = new Set(
      packed.flatMap((path) => /^\/node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1] ?? []),
    )
    for (const name of [
      'better-sqlite3',
      '@node-rs/jieba',
      '@napi-rs/keyring',
      'electron-updater',
      'builder-util-runtime',
    ]) {
      expect(modules).toContain(name)
    }
    for (const name of ['vue', 'fastify', 'element-plus', 'vite', 'typescript', 'electron']) {
      expect(modules).not.toContain(name)
    }
    expect([...modules].filter((name) => /^node-(linux|win)-/.test(name))).toEqual([])
    // What is linked into this addon is licensed by itself.
    expect(packed).toContain('/node_modules/@napi-rs/keyring-linux-x64-gnu/LICENSE.third-party.md')
  })

  it('has addons for this system only, outside the archive', () => {
    const unpacked = readdirSync(join(resources, 'app.asar.unpacked'), { recursive: true, encoding: 'utf8' })
    const addons = unpacked.filter((path) => path.endsWith('.node')).map((path) => path.replaceAll('\\', '/'))
    expect(addons).toContain('node_modules/better-sqlite3/prebuilds/linux-x64.node')
    expect(addons).toContain('node_modules/@napi-rs/keyring-linux-x64-gnu/keyring.linux-x64-gnu.node')
    expect(addons.filter((path) => /darwin|win32|musl/.test(path))).toEqual([])
    expect(
      packed
        .filter((path) => path.endsWith('.node'))
        .map((path) => path.slice(1))
        .sort(),
    ).toEqual(addons.sort())
  })

  it('has the resources beside it', () => {
    const names = readdirSync(join(resources, 'resources'))
    expect(names).toEqual(expect.arrayContaining(['icons', 'migrations']))
  })

  it('burns every fuse the way the security of the shell assumes', () => {
    const binary = readFileSync(join(folder, 'out', 'linux-unpacked', 'chanbo'))
    const at = binary.indexOf(FUSE_MARK) + FUSE_MARK.length + 2
    const states = binary.subarray(at, at + FUSES_AS_SHIPPED.length).toString('latin1')
    // runAsNode, cookieEncryption, NODE_OPTIONS, --inspect, asarIntegrity, onlyAsar, browserSnapshot, fileProtocol
    expect(states.slice(0, 8)).toBe('01001100')
  })
})
