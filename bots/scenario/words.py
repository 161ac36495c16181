"""Words for bots that have nothing to say."""

from random import Random

_LIST = """
about after again air all almost also always among animal another answer apple around ask away back ball bank
basket beach bean before begin behind believe bell below better between big bird blue board boat body book both
bottle bottom box bread break bridge bright bring brother brown build bus butter button call candle car careful
carry cat chair change cheese child circle city clean clear clock close cloud coast coat coffee cold colour come
cook corner count country cover cross cup dance dark day deep desk different dinner dog door down draw dream dress
drink drive dry early earth easy eat egg eight empty end engine enough evening every eye face fall family far farm
fast field find finger fire first fish five floor flower fly follow food foot forest forget four fresh friend
front fruit full garden gentle girl give glass gold good grass great green ground grow guess hair half hand happy
harbour hat hear heart heavy help hill hold home honest honey horse hot hour house hundred ice idea inside island
jump keep key kind king kitchen knife know lake lamp language large late laugh leaf learn leave left letter light
line listen little live long look loud love low lunch machine make many map market matter maybe meet middle milk
mind minute mirror money month moon morning mother mountain mouth move much music name near need never new night
nine noise north nose nothing number ocean office often old once one open orange other outside over page paint
paper park part path pencil people pepper piano picture piece place plane plant plate play please point pocket
pond potato pretty quick quiet rain rather reach read ready red remember rest rice right ring river road rock roof
room round run sail salt same sand school sea second see seed send seven shade ship shirt shoe shop short show
side silver simple sing sister six sky sleep slow small smile snow soap soft some song soon sound soup south
spoon spring square stairs stand star start station stay step still stone story street strong sugar summer sun
sure sweet swim table talk tall tea teach tell ten thank thing think three through ticket time today together
tomorrow tower town train travel tree true turn two uncle under until use valley very village voice wait walk wall
warm wash watch water weather week well west wheel where while white wide wind window winter wise wish with wood
word work world write yellow yes yesterday young
"""
WORDS = tuple(_LIST.split())


def random_words(low: int, high: int, chance: Random) -> str:
    """Return `low` to `high` words with spaces between them."""
    count = low + int(chance.random() * (high - low + 1))
    return " ".join(WORDS[int(chance.random() * len(WORDS))] for _ in range(count))
