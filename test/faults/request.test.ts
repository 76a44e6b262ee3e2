import {describeFaults} from './injection.js'

describeFaults('request')
