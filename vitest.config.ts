import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const ROOT = import.meta.dirname
const RENDERER_TESTS = 'tests/unit/renderer/**/*.test.ts'

/** Files that take minutes, first: begun last they would be all that runs. */
const LONG = /\b(kill|imports-large|launch|planning-trouble|sync-sim)\.test\.ts$/

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

/** Three workers for two cores: some tests mostly wait, for a link that is cut or a process that was killed. */
export default defineConfig({
  root: ROOT,
  test: {
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    passWithNoTests: true,
    // Nobody's own credential store is touched.
    env: { CHANBO_KEY_STORE: 'file' },
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: 'test-results/vitest.json' }]]
      : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          exclude: [RENDERER_TESTS],
          environment: 'node',
          testTimeout: 20_000,
          // Most are over in less time than a process and its modules take to load.
          isolate: false,
        },
      },
      {
        extends: true,
        plugins: [vue()],
        test: {
          name: 'component',
          include: [RENDERER_TESTS],
          environment: 'happy-dom',
          testTimeout: 20_000,
          isolate: false,
          css: false,
          server: { deps: { inline: [/element-plus/, /vue-echarts/, /echarts-wordcloud/] } },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts', 'tests/migrations/**/*.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
