import { app } from '@azure/functions';
import { connector } from '../src/composition';
import './scheduleCollection';
import './collect';
import './collectPaced';
import './handlePoison';
import './handlePacedPoison';
import './maintain';
import './rotateCredentials';
import './noteNearExpiry';
import './health';
import './pages';
import './onboard';
import './resumeOnboardings';

// Wrong settings must stop the start, not the first message; being told to stop must end runs at a safe place.
app.hook.appStart(() => connector().start());
app.hook.appTerminate(async () => connector().stop());
