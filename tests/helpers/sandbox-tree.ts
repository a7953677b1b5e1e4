import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const COPIED = [
  'package.json',
  'eslint.config.js',
  'tsconfig.base.json',
  'tsconfig.json',
  'shared/tsconfig.json',
  'renderer/tsconfig.json',
  'electron/tsconfig.json',
  'electron/preload/tsconfig.json',
  'tests/helpers/lint',
]

export interface SandboxTree {
  root: string
  /** Writes files given as path → text, paths relative to the sandbox's root. */
  write(files: Record<string, string>): void
  remove(): void
}

/**
 * A throw-away project with the real compiler and linter settings and no source of its own, so that a test can break
 * a rule without writing into the work tree.
 */
export function createSandboxTree(): SandboxTree {
  const root = mkdtempSync(join(tmpdir(), 'chanbo-tree-'))
  for (const path of COPIED) cpSync(join(ROOT, path), join(root, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'dir')
  return {
    root,
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true })
        writeFileSync(join(root, path), text)
      }
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}
