import './early.ts'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import './app/styles/tokens.css'
import './app/styles/fonts.css'
import './app/styles/base.css'
import App from './app/App.vue'
import { i18n, restoreLocale } from './app/i18n.ts'
import { makeRouter } from './app/router.ts'
import { useSession } from './app/stores/session.ts'
import { useSyncStatus } from './app/stores/sync-status.ts'
import { startTheme } from './app/theme.ts'

startTheme()
restoreLocale()

const app = createApp(App).use(createPinia()).use(i18n)
useSyncStatus().start()
const session = useSession()
// The screens shown first depend on who is signed in, so the router starts when that is known.
await session.start()
app.use(makeRouter()).mount('#app')

// Needed only where the system has no Chinese font, and long: its hundred faces would have the first screen styled again.
const FONTS_AFTER_MS = 1500
setTimeout(() => void import('@fontsource-variable/noto-sans-sc/wght.css'), FONTS_AFTER_MS)
