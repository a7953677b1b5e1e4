import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { ESLint } from 'eslint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSandboxTree } from '../helpers/sandbox-tree.ts'
import type { SandboxTree } from '../helpers/sandbox-tree.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Real targets, so that a refusal can only come from the direction and never from a missing file. */
const TARGETS: Record<string, string> = {
  'shared/domain/target.ts': 'export const target = 1\n',
  'shared/contract/target.ts': 'export const target = 1\n',
  'shared/scheduler/target.ts': 'export const target = 1\nexport interface Problem {\n  id: string\n}\n',
  'shared/checker/target.ts': 'export const target = 1\n',
  'renderer/app/target.ts': 'export const target = 1\n',
  'electron/core/target.ts': 'export const target = 1\n',
  'electron/hub/target.ts': 'export const target = 1\n',
  'electron/sqlite/target.ts': 'export const target = 1\n',
  'electron/main/target.ts': 'export const target = 1\n',
  'electron/standalone/target.ts': 'export const target = 1\n',
  'electron/core/features/slots/repo.ts': 'export const target = 1\n',
  'electron/core/features/slots/queries.ts': 'export const target = 1\n',
}

/** Present before the first run: the linter's configuration looks for components when it is loaded. */
const COMPONENT = `<script setup lang="ts">
import { ref } from 'vue'

async function load(): Promise<void> {}
load()
const text = ref('<b>')
const loose: any = 1
</script>

<template>
  <p v-html="text">{{ loose }}</p>
</template>
`

const use = (specifier: string) => `import { target } from '${specifier}'\n\nexport const copy = target\n`

const REFUSED: [from: string, code: string][] = [
  ['shared/domain/probe.ts', use('../../electron/core/target.ts')],
  ['shared/domain/probe.ts', use('../scheduler/target.ts')],
  ['shared/domain/probe.ts', "export { readFileSync } from 'node:fs'\n"],
  ['shared/domain/probe.ts', "export { readFileSync } from 'fs'\n"],
  ['shared/contract/probe.ts', use('../../renderer/app/target.ts')],
  ['shared/contract/probe.ts', "export { ref } from 'vue'\n"],
  ['shared/scheduler/probe.ts', use('../contract/target.ts')],
  ['shared/scheduler/probe.ts', use('../checker/target.ts')],
  ['shared/checker/probe.ts', use('../scheduler/target.ts')],
  ['renderer/app/probe.ts', use('../../electron/core/target.ts')],
  ['renderer/app/probe.ts', "export { ipcRenderer } from 'electron'\n"],
  ['renderer/app/probe.ts', "export const load = () => import('node:fs')\n"],
  ['electron/core/probe.ts', "export { app } from 'electron'\n"],
  ['electron/core/probe.ts', use('../hub/target.ts')],
  ['electron/core/probe.ts', use('../main/target.ts')],
  ['electron/core/features/plans/probe.ts', use('../slots/repo.ts')],
  ['electron/hub/probe.ts', use('../core/target.ts')],
  ['electron/hub/probe.ts', use('../../shared/scheduler/target.ts')],
  ['electron/hub/probe.ts', "export const url = new URL('../core/target.ts', import.meta.url)\n"],
  ['electron/sqlite/probe.ts', use('../core/target.ts')],
  ['electron/main/probe.ts', use('../hub/target.ts')],
  ['electron/main/probe.ts', use('../sqlite/target.ts')],
  ['electron/standalone/probe.ts', "export { app } from 'electron'\n"],
  ['electron/standalone/probe.ts', use('../main/target.ts')],
  ['electron/preload/probe.ts', "export { readFileSync } from 'node:fs'\n"],
]

const ACCEPTED: [from: string, code: string][] = [
  ['shared/contract/probe.ts', use('../domain/target.ts')],
  ['shared/scheduler/probe.ts', use('../domain/target.ts')],
  [
    'shared/checker/probe.ts',
    "import type { Problem } from '../scheduler/target.ts'\n\nexport type Input = Problem\n",
  ],
  ['renderer/app/probe.ts', use('../../shared/contract/target.ts')],
  ['electron/core/probe.ts', use('../sqlite/target.ts')],
  ['electron/core/features/plans/probe.ts', use('../slots/queries.ts')],
  ['electron/hub/probe.ts', use('../sqlite/target.ts')],
  ['electron/standalone/probe.ts', use('../core/target.ts')],
]

const BARE = '// eslint-disable-next-line no-eval\nexport const x: unknown = eval("1")\n'
const PROBES = {
  bare: ['electron/core/probe.ts', BARE],
  reasoned: [
    'electron/core/probe.ts',
    BARE.replace('no-eval', 'no-eval -- the input is a literal of this file'),
  ],
  idle: [
    'electron/core/probe.ts',
    '// eslint-disable-next-line no-eval -- nothing here evaluates text\nexport const x = 1\n',
  ],
  page: [
    'renderer/app/probe.ts',
    "document.body.innerHTML = '<b>'\nexport const folder: unknown = process.cwd()\n",
  ],
  chance: [
    'shared/domain/probe.ts',
    'export const now = Date.now()\nexport const dice = Math.random()\nexport const today = new Date()\n',
  ],
} as const satisfies Record<string, readonly [from: string, code: string]>

let tree: SandboxTree
/** Rule names reported, by path; every probe is a file of its own and all are linted at once, on one program a layer. */
let reported: Map<string, (string | null)[]>

const pathOf = (from: string, name: string) => from.replace('probe.ts', `probe-${name}.ts`)
const rulesOf = (from: string, name: string) => {
  const found = reported.get(join(tree.root, pathOf(from, name)))
  if (!found) throw new RangeError(`${pathOf(from, name)} was not linted`)
  return found
}

beforeAll(async () => {
  tree = createSandboxTree()
  const named = [
    ...REFUSED.map(([from, code], index) => [pathOf(from, `refused-${index}`), code] as const),
    ...ACCEPTED.map(([from, code], index) => [pathOf(from, `accepted-${index}`), code] as const),
    ...Object.entries(PROBES).map(([name, [from, code]]) => [pathOf(from, name), code] as const),
    ['renderer/app/probe-card.vue', COMPONENT] as const,
  ]
  tree.write({ ...TARGETS, ...Object.fromEntries(named) })
  const results = await new ESLint({ cwd: tree.root }).lintFiles(named.map(([path]) => join(tree.root, path)))
  reported = new Map(
    results.map((result) => [
      result.filePath,
      result.messages.map((message) => message.ruleId ?? message.message),
    ]),
  )
}, 120_000)
afterAll(() => tree.remove())

function typecheck(layer: string): string {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const run = spawnSync(process.execPath, [tsc, '--noEmit', '-p', join(tree.root, layer)], {
    encoding: 'utf8',
  })
  return run.stdout
}

describe('the linter', () => {
  it.each(REFUSED.map(([from, code], index) => ({ from, code, index })))(
    'refuses in $from: $code',
    ({ from, index }) => {
      expect(rulesOf(from, `refused-${index}`)).toContain('chanbo/layers')
    },
  )

  it.each(ACCEPTED.map(([from, code], index) => ({ from, code, index })))(
    'accepts in $from: $code',
    ({ from, index }) => {
      expect(rulesOf(from, `accepted-${index}`)).toEqual([])
    },
  )

  const rulesIn = (name: keyof typeof PROBES) => rulesOf(PROBES[name][0], name)

  it('wants a reason beside every suppression', () => {
    expect(rulesIn('bare')).toContain('chanbo/suppression-reason')
    expect(rulesIn('reasoned')).not.toContain('chanbo/suppression-reason')
  })

  it('refuses a suppression that suppresses nothing', () => {
    expect(rulesIn('idle').join()).toMatch(/Unused eslint-disable directive/)
  })

  it('sees v-html, any and a floating promise inside a component', () => {
    const rules = reported.get(join(tree.root, 'renderer/app/probe-card.vue'))
    expect(rules).toContain('vue/no-v-html')
    expect(rules).toContain('@typescript-eslint/no-explicit-any')
    expect(rules).toContain('@typescript-eslint/no-floating-promises')
  })

  it('keeps Node globals and markup out of the page', () => {
    expect(rulesIn('page')).toEqual(
      expect.arrayContaining(['no-restricted-properties', 'no-restricted-globals']),
    )
  })

  it('keeps the wall clock and chance out of shared', () => {
    expect(rulesIn('chance').filter((rule) => rule?.startsWith('no-restricted'))).toHaveLength(3)
  })
})

describe('the compiler', () => {
  it('knows no Node, no DOM and no timers in shared', () => {
    tree.write({
      'shared/domain/node-probe.ts':
        "import { readFileSync } from 'node:fs'\n\nexport const read = readFileSync\n",
      'shared/domain/dom-probe.ts': 'export const title = document.title\n',
      'shared/domain/timer-probe.ts': 'export const wait = setTimeout\n',
    })
    const output = typecheck('shared')
    expect(output).toMatch(/node-probe\.ts.*error TS\d+: Cannot find (module|name) 'node:fs'/)
    expect(output).toMatch(/dom-probe\.ts.*error TS\d+: Cannot find name 'document'/)
    expect(output).toMatch(/timer-probe\.ts.*error TS\d+: Cannot find name 'setTimeout'/)
  })

  it('knows no DOM in the core and no Node in the preload script', () => {
    tree.write({
      'electron/core/dom-probe.ts': 'export const title = document.title\n',
      'electron/preload/node-probe.ts': 'export const folder = process.cwd()\n',
    })
    expect(typecheck('electron')).toMatch(/dom-probe\.ts.*Cannot find name 'document'/)
    expect(typecheck('electron/preload')).toMatch(/node-probe\.ts.*Cannot find name 'process'/)
  })
})
