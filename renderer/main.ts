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
import { connect } from './transport/connect.ts'
import { askEarly } from './transport/use-query.ts'

startTheme()
restoreLocale()
connect()

const app = createApp(App).use(createPinia()).use(i18n)
useSyncStatus().start()
const session = useSession()
if (/^(#\/?)?(today)?$/.test(location.hash)) askEarly('today/view', { baseId: session.chosenBaseId })
// The screens shown first depend on who is signed in, so the router starts when that is known.
await session.start()
app.use(makeRouter()).mount('#app')

// Needed only where the system has no Chinese font, and long: it may come after the first screen.
requestIdleCallback(() => void import('@fontsource-variable/noto-sans-sc/wght.css'))
