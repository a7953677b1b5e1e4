import { createPinia } from 'pinia'
import { createApp } from 'vue'
import '../../../renderer/app/styles/tokens.css'
import '../../../renderer/app/styles/fonts.css'

import '../../../renderer/app/styles/base.css'
import { i18n, restoreLocale } from '../../../renderer/app/i18n.ts'
import { startTheme } from '../../../renderer/app/theme.ts'
import KitStories from './KitStories.vue'

startTheme()
restoreLocale()
createApp(KitStories).use(createPinia()).use(i18n).mount('#app')
