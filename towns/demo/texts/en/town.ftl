town-welcome = Welcome to Aozora Tegata, the pass of Aozora Village.
town-about = Ask at the village office or the hot spring about your cards.
