import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const ROOT = import.meta.dirname
const RENDERER_TESTS = 'tests/unit/renderer/**/*.test.ts'

/** Worker processes are capped at two: the tests must also pass on a two-core machine shared with a browser. */
export default defineConfig({
  root: ROOT,
  test: {
    maxWorkers: 2,
    passWithNoTests: true,
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
