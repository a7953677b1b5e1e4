import js from '@eslint/js'
import { vueTsConfigs, withVueTs } from '@vue/eslint-config-typescript'
import prettier from 'eslint-config-prettier'
import pluginVue from 'eslint-plugin-vue'
import chanbo from './tests/helpers/lint/plugin.mjs'
import { createTypedParser } from './tests/helpers/lint/typed-parser.mjs'

const TYPED_FILES = ['**/*.ts', '**/*.vue']
const PLAIN_FILES = ['**/*.js', '**/*.mjs', '**/*.cjs']
const NODE_GLOBALS = [
  'AbortController',
  'AbortSignal',
  'Buffer',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'URLSearchParams',
  'WebSocket',
  'clearInterval',
  'clearTimeout',
  'console',
  'fetch',
  'performance',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
]
const typedParser = createTypedParser(import.meta.dirname)
const AMBIENT = ['performance', 'setTimeout', 'setInterval', 'fetch', 'crypto', 'process']

export default withVueTs(
  { rootDir: import.meta.dirname },
  { ignores: ['out/', 'dist/', 'node_modules/', 'test-results/', 'playwright-report/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  pluginVue.configs['flat/recommended'],
  vueTsConfigs.recommendedTypeChecked,
  prettier,
  {
    name: 'chanbo/all',
    plugins: { chanbo },
    rules: {
      'chanbo/layers': 'error',
      'chanbo/suppression-reason': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'off',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    name: 'chanbo/typed',
    files: TYPED_FILES,
    rules: {
      '@typescript-eslint/ban-ts-comment': ['error', { minimumDescriptionLength: 8 }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
    },
  },
  {
    name: 'chanbo/vue',
    files: ['**/*.vue'],
    rules: {
      'vue/no-v-html': 'error',
      'vue/no-v-text-v-html-on-component': 'error',
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/define-macros-order': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/no-template-target-blank': 'error',
    },
  },
  { name: 'chanbo/types', files: ['**/*.ts', '**/*.mts'], languageOptions: { parser: typedParser } },
  {
    name: 'chanbo/vue-types',
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: typedParser } },
  },
  {
    name: 'chanbo/page',
    files: ['renderer/**/*.ts', 'renderer/**/*.vue'],
    rules: {
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Text from outside is never markup.' },
        { property: 'outerHTML', message: 'Text from outside is never markup.' },
        { property: 'insertAdjacentHTML', message: 'Text from outside is never markup.' },
      ],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'require', '__dirname', 'setImmediate'],
    },
  },
  {
    name: 'chanbo/pure',
    files: ['shared/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Inject a random source.' },
        { object: 'Date', property: 'now', message: 'Inject a clock.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Inject a clock.' },
        { selector: 'CallExpression[callee.name="Date"]', message: 'Inject a clock.' },
      ],
      'no-restricted-globals': ['error', ...AMBIENT],
    },
  },
  {
    name: 'chanbo/tests',
    files: ['tests/**/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    name: 'chanbo/plain',
    files: PLAIN_FILES,
    languageOptions: { globals: Object.fromEntries(NODE_GLOBALS.map((name) => [name, 'readonly'])) },
  },
)
