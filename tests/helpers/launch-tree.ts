import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

export interface LaunchTree {
  root: string
  write(path: string, text: string): void
  run(
    script: string,
    args?: readonly string[],
    env?: Record<string, string>,
  ): { code: number | null; output: string }
  remove(): void
}

/** A throw-away project with the real launch scripts and nothing else, so that a test can play a fresh machine. */
export function createLaunchTree(): LaunchTree {
  const root = mkdtempSync(join(tmpdir(), 'chanbo-launch-'))
  cpSync(join(ROOT, 'electron/launch'), join(root, 'electron/launch'), { recursive: true })
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write('package.json', '{ "type": "module" }')
  return {
    root,
    write,
    run(script, args = [], env = {}) {
      const run = spawnSync(process.execPath, [join(root, script), ...args], {
        cwd: root,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      })
      return { code: run.status, output: run.stdout + run.stderr }
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}
