#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes short English stories for small children from a grammar.

A story is made in two moves. `cast` draws the people and things of one story
(hero, friend, elder, object, place, ...) and gives each a slot. Then the
opening and one plot are expanded: every line of a plot is one beat, told with

    {slot}     a value of the cast, the same in the whole story
    [a|b|c]    a choice, made anew each time; choices may nest
    ?line      a beat that is left out half of the time

so a name, a pronoun or an object never changes between two sentences.
"""
import argparse
import random
import re

GIRLS = """Mia Lily Anna Rosie Ella Lucy Sara Emma Zoe Nora Molly Ruby Daisy Amy Jane Kate Ivy Clara Luna Penny
Tina Maya Grace Holly Bella Poppy Hazel Sophie Olive Alice""".split()
BOYS = """Tom Ben Max Sam Leo Jack Tim Finn Oscar Noah Henry Peter Toby Billy Adam Luke Jim Danny Will Theo
Hugo Milo Charlie Rusty Felix Bobby Gus Simon Ned Otto""".split()
ANIMALS = """fox rabbit bear mouse cat dog squirrel hedgehog frog duck pig sheep goat pony kitten puppy lion
tiger elephant monkey panda koala deer wolf turtle owl beaver otter penguin badger chick goose lamb
hamster donkey zebra giraffe kangaroo raccoon mole""".split()
FANTASY = ["dragon", "robot", "unicorn", "fairy", "giant", "wizard", "pirate", "knight", "monster", "snowman"]
SIZES = ["little", "little", "little", "small", "young"]
TRAITS = ["kind", "brave", "shy", "clever", "happy", "curious", "funny", "quiet", "gentle", "friendly"]
COLORS = ["red", "blue", "green", "yellow", "purple", "pink", "orange", "white", "golden", "shiny"]
TOYS = """ball kite drum boat doll train hat scarf bell book whistle balloon umbrella bucket basket car
spoon ring cup flute teddy lantern mitten ribbon button puzzle box coat bag clock""".split()
FOODS = ["apple", "cake", "pie", "sandwich", "cookie", "pear", "banana", "muffin", "carrot", "bun", "peach", "pancake"]
HOBBIES = ["sing", "dance", "draw pictures", "climb trees", "jump in puddles", "look at the stars", "play outside",
           "tell jokes", "read books", "pick flowers", "play hide and seek", "run in the grass", "count clouds",
           "collect stones", "help others", "make new friends", "explore", "listen to stories"]
PLACES = [  # (where, to where, hiding spots there)
    ("in the forest", "to the forest", ["behind a tall tree", "under a bush", "inside an old log"]),
    ("in the garden", "to the garden", ["under a big leaf", "behind the roses", "next to the fence"]),
    ("in the park", "to the park", ["under the bench", "behind the slide", "next to the pond"]),
    ("on the beach", "to the beach", ["under the sand", "behind a big rock", "next to a shell"]),
    ("on the farm", "to the farm", ["in the hay", "behind the barn", "next to the old wagon"]),
    ("by the river", "to the river", ["under the bridge", "behind the reeds", "next to a flat stone"]),
    ("on the hill", "to the hill", ["behind a rock", "in the tall grass", "under the old oak tree"]),
    ("in the meadow", "to the meadow", ["in the tall grass", "under the yellow flowers", "behind a small hill"]),
    ("by the lake", "to the lake", ["under a little boat", "behind the reeds", "next to a big rock"]),
    ("in the village", "to the village", ["behind the well", "under a cart", "next to the bakery"]),
    ("at the market", "to the market", ["under a table", "behind a pile of pumpkins", "inside a basket"]),
    ("by the pond", "to the pond", ["under the water lilies", "behind a willow tree", "next to a flat rock"]),
    ("in the field", "to the field", ["behind the hay", "next to the scarecrow", "under a bush"]),
]
ELDERS = [("owl", "wise old"), ("turtle", "slow old"), ("bear", "big old"), ("man", "kind old"), ("woman", "kind old"),
          ("farmer", "friendly"), ("baker", "cheerful"), ("teacher", "kind"), ("goose", "gray old"), ("goat", "wise old")]
SKILLS = [  # (skill, what goes wrong, how it goes at last)
    ("swim", "{he} splashed and got water in {his} nose", "{he} kicked {his} legs and moved across the pond"),
    ("sing", "{his} voice was too small and nobody could hear it", "{he} sang a clear and lovely song"),
    ("dance", "{he} turned around too fast and fell down", "{he} turned and jumped like a leaf in the wind"),
    ("ride a bike", "the bike shook and {he} fell into the grass", "{he} rode the bike all the way down the road"),
    ("read", "the letters looked like little bugs on the page", "{he} read a whole page without any help"),
    ("paint", "the paint ran down and made a big mess", "{he} painted a bright picture of the sea"),
    ("skate", "{he} slipped on the ice and sat down hard", "{he} went over the ice like a little star"),
    ("whistle", "only air came out", "a clear sound came out and all the birds answered"),
    ("climb", "{he} slid back down to the ground", "{he} climbed up to the top and waved"),
    ("bake bread", "the bread was hard like a stone", "the bread was soft and warm and smelled good"),
    ("fly a kite", "the kite fell down on the ground", "the kite went up, up, up into the sky"),
    ("play the drum", "it was so loud that everyone ran away", "{he} played a happy song and everyone danced"),
]
FEARS = [  # (fear, what is heard or seen, what it was)
    ("the dark", "[a strange sound|a soft tapping sound] at the window", "a branch in the wind"),
    ("the dark", "two round eyes outside", "a friendly owl"),
    ("monsters", "a big shadow on the wall", "{his} coat on the chair"),
    ("storms", "a loud boom in the sky", "thunder, far away"),
    ("loud sounds", "a bang, bang, bang behind the door", "the wind playing with the gate"),
    ("ghosts", "something white moving in the garden", "a sheet on the line"),
]
BUILDS = [("a house", "wood"), ("a boat", "wood"), ("a castle", "sand"), ("a tower", "stones"), ("a snow house", "snow"),
          ("a bridge", "sticks"), ("a nest", "leaves"), ("a raft", "sticks"), ("a tree house", "wood")]
MEALS = [("soup", "carrots"), ("cake", "eggs"), ("pie", "apples"), ("bread", "flour"), ("pancakes", "milk"),
         ("jam", "berries"), ("cookies", "sugar"), ("salad", "tomatoes"), ("tea", "honey")]
BABIES = [("bird", "nest", "up in a tree"), ("duck", "nest", "by the pond"), ("rabbit", "hole", "under the hill"),
          ("squirrel", "nest", "in the oak tree"), ("mouse", "hole", "under the old wall"), ("lamb", "barn", "on the farm")]
TRAPS = [("in a deep hole", "a long rope", "pulled {fhim} out"), ("in the mud", "a strong stick", "pulled {fhim} out"),
         ("in a net", "a sharp stone", "cut the net open"), ("up in a tree", "a tall ladder", "helped {fhim} climb down"),
         ("under a fallen branch", "a strong rope", "pulled the branch away"),
         ("on a rock in the river", "a long log", "made a bridge")]

WHO = [  # openings that tell who the story is about
    "[Once upon a time|Once upon a time|Once upon a time|Long ago|Once], there was {intro}. {more}",
    "[Once upon a time|Once upon a time|Long, long ago], {intro} lived [near|not far from] {thep}. {more}",
    "Once upon a time, in [a small house|a cozy home|a tiny cottage] near {thep}, there lived {intro}. {more}",
    "There [once was|was once] {intro}. {more}",
]
MORE = [
    "{N} [loved|liked] to {hobby}[| every day| more than anything else].",
    "{He} was very {trait2}[| and liked to {hobby}].",
    "{N} was {trait2}, and everyone [liked|loved] {him}.",
    "[Every day|Every morning], {n} liked to {hobby}[| with {his} {parent}].",
    "{N} lived with {his} {parent}[| in a warm little house].",
]
MINE = "{He} had a {obj} that {he} [loved|liked] very much."
CLOSE = [
    "[And|And so] {n} [was|felt] very happy.", "{N} [smiled|went home with a smile].", "The end.",
    "That night, {n} [slept well|had sweet dreams|fell asleep with a smile].", "It was the best day ever.",
]

PLOTS = {
    "lost": """
{oneday} {n0} [was playing|played] with {his} {obj} {at}.
[{N} put the {thing} down to chase a butterfly.|Then {n} stopped to [smell a flower|drink some water|look at a cloud].|A strong wind began to blow, and {n} closed {his} eyes.] When {he} [looked again|looked back], the {thing} was gone!
"Oh no! Where is my {thing}?" [cried|asked|said] {n}. {He} [felt|was] very sad[| and began to cry].
?{N} looked [here and there|all around|for a long time], but {he} could not find it.
[Just then|Soon|After a while], {fintro} [came by|walked by]. "[What is wrong|Why are you sad], {v}?" asked {f}.
"I lost my {obj}," said {n}. "[Do not worry|Do not cry|Do not be sad]," said {f}. "[I will help you|We can look for it together]."
{They} looked {spot2}, but the {thing} was not there. Then {they} looked {spot}. [There it was|And there was the {thing}]!
"[Hooray|We found it|Here it is]!" [shouted|called] {n}. "Thank you[| so much], {fv}!"
[{They} played with the {thing} until the sun went down.|From that day on, {n} always kept the {thing} in a safe place.|After that, {n} and {f} were best friends.|{N} let {f} play with the {thing} all day.]""",
    "learn": """
{oneday} {n0} [wanted|decided] to learn to {skill}.
{He} tried and tried, but {fail}. [{N} felt sad.|"This is too hard," said {n}.|"I will never learn it," said {n}.]
{Eintro} [saw {n}|was watching] and [smiled|came closer]. "[Do not give up|Try again|Everyone falls sometimes]," said {e}. "[I can help you|I will show you how]."
[Every day|Day after day], {n} [practiced|worked hard] with {e}. [Slowly, {he} got better.|Each day it was a little easier.]
?Sometimes {n} was tired, but {he} did not stop.
[At last|Then, one day|One morning], {win}! "[I did it|Look at me|I can do it]!" [shouted|cried] {n}.
{E} [clapped|was very proud]. "I knew you could {skill}," said {e}.
[{N} learned that hard things get easy when you keep trying.|From that day on, {n} never gave up.|{N} was proud, too, and {he} thanked {e} with a big hug.|Now {n} could {skill}, and {he} showed all {his} friends.]""",
    "share": """
{oneday} {n0} [had a big {food}|got a sweet {food} from {his} {parent}]. [It smelled so good!|It looked very good.|{He} could not wait to eat it.]
{He} [sat down|found a nice place to sit] {at}. [Then|Just then|But then], {fintro} came by. "I am so hungry," said {f}.
[{N} did not want to share. "This is my {food}," {he} said.|{N} looked at the {food}. {He} was hungry, too.|At first, {n} held the {food} close.]
{F} [looked sad|looked down] [and walked away|and said nothing]. [{N} felt bad.|Now the {food} did not taste so good.|{N} did not like to see {f} so sad.]
"Wait, {fv}!" [called|said] {n}. "[We can share|You can have half|There is enough for two]."
{N} [broke|cut] the {food} in two and gave one half to {f}. {They} ate together[| and laughed| and talked].
"[Thank you|You are very kind], {v}," said {f}. [The next day, {f} brought berries and shared them with {n}.|"Now we are friends."|"That was the best {food} ever!"]
[{N} learned that food tastes better when you share it.|From that day on, {n} and {f} always shared.|{N} was happy that {he} shared the {food}.]""",
    "storm": """
{oneday} {n0} and {fintro} were playing {at}. [The sun was warm.|They were having so much fun.|They ran and laughed.]
[Then|Suddenly|But soon], [dark clouds came|the sky turned dark|the wind began to blow]. [Rain began to fall.|Big drops of rain fell down.] [The thunder went boom!|A bright light flashed in the sky.]
"I am [scared|afraid]!" said {f}. {N} took {f} by the hand. "[Come with me|Stay close to me|Follow me]," {he} said. 
{They} ran as fast as they could. [They found a small cave and went inside.|They found an old barn and hid inside.|They hid under a big tree with many leaves.]
It was [cold|dark and cold] there, but {n} [sang a song|told a funny story|told jokes] [to make {f} feel better|until {f} was not afraid].
[After a while|Soon|At last], the rain stopped [and the sun came out|and the clouds went away]. [There was a big rainbow in the sky!|A rainbow came out over the trees!]
"[Look at the rainbow|How pretty it is]!" said {f}. "[Thank you for being so brave|You are a good friend], {v}."
[{They} jumped in the puddles all the way home.|{They} walked home under the rainbow.|{N} and {f} were never afraid of rain again.]""",
    "rescue": """
{oneday} {n0} [was walking|went for a walk] {at}. [Then|Suddenly|Just then], {he} heard a voice. "Help! [Please help me|I am stuck|Somebody help]!"
{N} [ran to look|looked around|followed the voice]. It was {fintro}! {F} was stuck {trap}.
"[Do not worry|Stay calm|Do not be afraid]," said {n}. "I will [help you|get you out]." {He} tried to help, but {he} was not strong enough.
[{N} thought hard. Then {he} had an idea.|{N} looked around. What could {he} use?|Then {n} had a good idea.] {He} ran home and came back with {tool}.
?{He} also brought {his} {parent} to help.
[Slowly and carefully|With all {his} strength|One, two, three! With a big pull], {n} {free}. [At last, {f} was free!|{F} was safe!]
"[Thank you|You saved me|Thank you so much], {v}!" said {f}. "[You are so brave|You are my hero|How can I thank you]!"
[{N} smiled. "Friends help each other," {he} said.|From that day on, {n} and {f} were best friends.|{They} went home together and had a warm supper.]""",
    "newfriend": """
{oneday} {n0} [came to a new home|moved to a new house] near {thep}. {He} did not know anyone. [{He} felt lonely.|{N} was a little sad.|"I have no friends here," {he} said.]
{N} [sat|walked] alone {at} with {his} {obj}. {He} saw {fintro}[| who was playing all alone].
{N} wanted to say hello, but {he} was too shy. [{He} hid {spot}.|{He} looked down at {his} feet.]
Then {f} [saw {him}|came closer] and smiled. "[Hello|Hi]! [What is your name|Who are you|Do you want to play]?" {fhe} asked. "I like your {thing}."
[{N} smiled a little.|{N} was surprised.] "[You can play with it|We can play with it together]," {he} said.
{They} played [with the {thing}|hide and seek|many games] [all day|until it was dark|all afternoon]. They [laughed a lot|had so much fun].
"[Can we play again tomorrow|Will you come again tomorrow]?" asked {f}. "Yes!" said {n}.
[{N} was not lonely anymore.|Now the new home felt like a real home.|From that day on, {n} had a good friend.]""",
    "fear": """
{onenight} {n0} [lay in bed|was in bed|could not sleep]. {He} was afraid of {fear}. [{He} pulled the blanket over {his} head.|{He} held {his} {thing} close.]
[Then|Suddenly], there was {noise}. [{N} began to shake.|{N} sat up.|{N} did not dare to move.] "[Who is there?|What is that?|I am scared!]" {he} [cried|whispered].
{His} {parent} came in with a little light. "[What is wrong|Why are you awake], {v}?" "I am afraid," said {n}.
"[Let us look together|Come, we will go and see|Take my hand, and we will look]," said {his} {parent}. 
{N} [was still scared, but {he} was brave|took a deep breath|held on tight]. {They2} looked. It was only {wasonly}!
{N} [laughed|had to laugh|smiled]. "[I was afraid of that|It was nothing bad|That is not scary at all]," {he} said.
{His} {parent} [gave {him} a hug|kissed {him}] and [sang a soft song|told {him} a story]. [{N} closed {his} eyes.|Soon, {n} was asleep.]
[From then on, {n} was not afraid of {fear} anymore.|{N} learned that things are less scary when you look at them.|{N} knew now that {he} was brave.]""",
    "build": """
{oneday} {n0} wanted to build {build}. {He} went {to} and found a lot of {stuff}.
{N} worked [all morning|for a long time|very hard]. [At last, it was done.|It grew bigger and bigger.] [It looked great!|{He} was so proud.]
But [then|suddenly], [a strong wind came and|a big dog ran by and|{n} slipped and] [knocked it down|broke it]. "Oh no!" cried {n}. [{He} wanted to give up.|All {his} work was gone.|{He} sat down and cried.]
{Fintro} [saw it and|came by and] said, "[Do not be sad|Do not give up], {v}. [We can build it again|I will help you build it again|Two can build better than one]."
{They} worked together. {N} [carried the {stuff}|held the {stuff}], and {f} put it [in the right place|on top]. [This time they made it very strong.|They worked until the sun went down.]
[Now|In the end|At last], {build2} was even better than before! "[We did it|Look what we made]!" said {n}.
[{N} learned that it is easier to work together.|{They} played there every day.|"Thank you, {fv}," said {n}. "I could not do it without you."]""",
    "seed": """
{oneday} {n0} found a [tiny|small] seed {at}. "[What will it be|What will grow from it]?" {he} asked.
{Eintro} said, "[Plant it and wait|Put it in the ground and give it water], and you will see."
{N} made a little hole and put the seed in. [Every day|Each morning], {he} gave it water.
But nothing happened. [{N} was sad.|"It will never grow," said {n}.|{N} waited and waited.] "[Be patient|Good things take time|Wait a little more]," said {e}.
?The sun was warm, and the rain was soft.
[Then|At last|One morning], {n} saw [a little green leaf|something green]! "[It is growing|Look, it is growing]!" {he} shouted.
The plant grew and grew. Soon, it was a [big {color} flower|tall tree with sweet apples|huge pumpkin|sunflower as tall as a house].
[{N} showed it to everyone.|{N} shared it with all {his} friends.] "[You waited well|You took good care of it]," said {e}.
[{N} learned to be patient.|{N} learned that good things take time.|And each year, {n} planted a new seed.]""",
    "treasure": """
{oneday} {n0} found an old map {spot}. There was a big red X on it. "[It is a treasure map|Maybe there is a treasure]!" said {n}.
{He} [ran to|went to] {his} friend, {fintro2}. "[Let us find the treasure!|Will you come with me?]" {he} said. "[Yes|Of course]!" said {f}.
{They} walked [over a hill|through the forest] and [across a river|past an old mill]. [The way was long.|It was far, but they did not stop.] [Sometimes they were tired, but they sang a song.|They were careful and held hands.]
[At last|Finally], {they} came to [a big rock|a hollow tree|a dark cave]. "[Here is the X|This is the place]," said {f}. {They} began to dig.
[Thump! They hit something hard.|Soon they saw something shiny.] It was a [box|chest]! {N} opened it [slowly|with care]. Inside was [a pile of gold coins|a heap of shiny stones|a crown of gold].
"[Hooray|We are rich|Wow]!" said {n}. "[We will share it|Half is for you and half is for me]." 
[{They} used it to have a big party for everyone.|But the best treasure was a good friend, and {n} knew it.|{They} walked home and told everyone about the treasure.]""",
    "truth": """
{oneday} {n0} was playing with a ball in the house. {His} {parent} had said, "[Do not play ball inside|No ball in the house, please]." But {n} did not listen.
Crash! The ball hit [a {color} vase|the {color} lamp|a pretty {color} plate], and it broke. [{N} was scared.|"Oh no," whispered {n}.|{N}'s heart beat fast.]
{He} hid the pieces under the [bed|rug|chair]. [When {his} {parent} came home, {n} said nothing.|{He} did not want anyone to know.] But {he} felt [bad|sick] inside.
{N} could not [eat|play|smile]. [{His} friend, {fintro2}, said, "You should tell the truth."|"I must tell the truth," {he} thought.] 
[So|At last|In the evening], {n} went to {his} {parent}. "I broke it," {he} said. "I am [so|very] sorry."
{His} {parent} [was quiet for a moment|looked at {him}]. "[I am sad that it is broken, but I am glad that you told me|Thank you for telling the truth]," {phe} said[| and gave {him} a hug].
{They2} [cleaned up|fixed it with glue] together. [{N} felt much better.|{N} felt light and happy again.]
[{N} learned that it is good to tell the truth.|From that day on, {n} only played ball outside.]""",
    "birthday": """
{oneday} it was {n}'s birthday. {He} [woke up early|jumped out of bed]. "[Today is my day|It is my birthday]!" {he} said.
But {his} {parent} [was not there|said nothing about it]. {N} went to see {his} friend, {fintro2}. But {f} was busy. "[I have no time today|I cannot play now]," {fhe} said.
[{N} felt sad.|{N} was very sad.] "[Everyone forgot my birthday|Nobody remembers]," {he} thought. {He} [sat alone {at}|walked {to} all alone].
[When it got dark|In the evening|At last], {n} went home. [The house was dark and quiet.|It was very quiet.] {He} opened the door slowly.
"Surprise!" [shouted|called] everyone. There was a big {cake} cake with candles! {F} was there, too. 
"[We did not forget|We love you|Happy birthday], {v}!" said {f}. {FHe} gave {n} a {obj}. "It is just what I wanted!" said {n}.
[{They} danced and ate cake until late.|{N} made a wish and blew out the candles.] [It was a wonderful birthday.|{N} had never been so happy.]""",
    "race": """
{oneday} there was a big race {at}. {N} wanted to win. {Fintro} wanted to win, too. "I am [very fast|faster than you]," said {f}.
"[Ready|One, two, three], go!" called {eintro}. {They} ran [as fast as they could|like the wind]. [First {n} was in front, then {f}.|{F} was in front, and {n} was close behind.]
[Then|Suddenly], {f} [fell over a root|slipped on a wet stone] and hurt {fhis} leg. "Ouch!" cried {f}.
{N} could win now! [{He} looked at the end of the road.|The end was so close.] But {he} stopped and went back. "[Are you okay|Can you walk]?" asked {n}.
"[You will lose the race|Go on, you can win]," said {f}. "[You are more important|A friend is better than a prize]," said {n}, and {he} helped {f} up.
{They} walked over the line together. Everyone [clapped|cheered]. [{E} gave a prize to both of them.|"You both win," said {e}.]
[{N} learned that being kind is better than winning.|From that day on, {n} and {f} always ran together.]""",
    "baby": """
{oneday} {n0} heard a small sound {at}. "Peep, peep!" {He} looked {spot}. There was a baby {baby}!
"[Are you lost|Where is your mother], little one?" asked {n}. The baby {baby} looked [very sad|cold and scared].
{N} [put it in {his} hat|held it close] [to keep it warm|and gave it some water]. "[I will take you home|I will find your mother]," {he} said.
?{He} met {fintro}. "Have you seen the mother of this little {baby}?" asked {n}. "[Yes, she is over there|I heard her call]," said {f}.
{N} walked and walked. [Then|At last], {he} saw a {nest} {nestat}. The mother {baby} was there. She was calling for her baby.
{N} [carefully put|gently set] the baby {baby} down. [The mother was so happy!|The mother and the baby were together again!]
["Thank you," said the mother. "You have a good heart."|The mother gave {n} a {color} flower to say thank you.]
[{N} went home with a warm feeling.|From that day on, the little {baby} came to visit {n} every day.|{N} was glad that {he} helped.]""",
    "cook": """
{oneday} {n0} wanted to make {meal} for {his} {parent}. [{He} put on a big hat.|{He} washed {his} hands.] But there [were|was] no {need} in the house!
"[What can I do|How can I make {meal} without {need}]?" said {n}. {He} went to {his} friend, {fintro2}. "Do you have {need}?"
"[Yes, I do|I have a lot]," said {f}. "[But I want to help you|May I help you make it|Can I have some {meal}, too]?" "[Of course|Yes, please]," said {n}.
{They} [mixed|stirred] and [tasted|laughed]. [There was flour on the floor and on {n}'s nose.|Soon, the whole house smelled good.|It was a lot of work, but it was fun.]
[When it was done|At last], {n} called {his} {parent}. "[This is for you|I made it for you]," {he} said. "[This is the best {meal} ever|How good it tastes]!" said {his} {parent}.
[They all sat down and ate together.|They ate it all up.] [{N} was so proud.|{N} and {f} smiled at each other.]
[{N} learned that cooking is more fun with a friend.|The next day, they made {meal} again.]""",
    "wish": """
{oneday} {n0} found a [magic stone|small star|magic lamp] {spot}. "[You may make one wish|I will give you one wish]," it said.
{N} thought hard. [{He} could wish for gold.|{He} could wish to be big and strong.|{He} wanted so many things!] {He} thought about a {obj} of {his} own.
[Then|But then], {he} saw {fintro}. {F} was [crying|very sad] because {fhis} {fparent} was far away.
"[I know what to wish|Now I know my wish]," said {n}. "I wish that {f} can [be with {fhis} {fparent}|see {fhis} {fparent} again]."
[There was a bright light.|Whoosh!] [And there was|There stood] {fhis} {fparent}! {F} [ran|jumped] into {fhis} {fparent}'s arms.
"[Thank you|You gave me your only wish], {v}!" said {f}. [{N} smiled.|{N} felt warm inside.]
[The next morning, there was a {obj} in front of {n}'s door.|{N} did not need a {thing} to be happy.] [It is good to give.|A kind heart is the best magic.]""",
    "sleep": """
{onenight} {n0} could not sleep. {He} turned to one side and to the other. [The moon was bright.|The bed was too warm.|{He} was not tired at all.]
{N} [went to|called] {his} {parent}. "I cannot sleep," {he} said. "[Count some sheep|Close your eyes and count]," said {his} {parent}. {N} counted to [ten|twenty], but {he} was still awake.
[Then|After a while], {n} looked out of the window. There was {fintro}. "I cannot sleep, too," said {f}.
"[Let us look at the stars|Let us tell stories]," said {n}. {They} sat [under the moon|by the window] and [counted the stars|talked very softly].
[One star, two stars, three stars|Soon it was very quiet]. {F} yawned. {N} yawned, too. "[Good night|Sleep well], {fv}," said {n}. "Good night, {v}," said {f}.
{N} went back to bed with {his} {thing}. [This time, {he} closed {his} eyes and slept.|In a moment, {he} was asleep.]
[{He} dreamed of stars all night.|{He} dreamed of {f}.]""",
    "elder": """
{oneday} {n0} met {eintro} {at}. {E} had a heavy bag and walked very slowly.
"[Can I help you|May I carry your bag|May I help]?" asked {n}. "[Oh, thank you|That is very kind]," said {e}. "[My home is far away|I am so tired]."
{N} [took|carried] the bag. [It was very heavy, but {he} did not stop.|They walked up the hill and down the hill.] On the way, {e} told [a funny story|stories of long ago].
[Soon|At last], they came to a little house. "[You have a good heart|You are so kind], {v}," said {e}. "[I want to give you something|Here is a gift for you]."
It was a {obj}! "[It is beautiful|Wow]," said {n}. "Thank you!" 
["It is a magic {thing}," said {e}. "It will keep you safe."|"Come and visit me again," said {e}.]
[{N} ran home to show the {thing} to {his} {parent}.|Every week, {n} came to visit {e}.] [It is good to help others.|{N} learned that being kind makes you happy.]""",
    "gift": """
{oneday} {n0} heard that {fintro} was sick. "[I want to make {f} happy|I must do something for {f}]," said {n}.
But {n} had no money to buy a gift. [{He} thought and thought.|What could {he} do?] [Then|Suddenly], {he} had an idea.
{He} took [paper and paint|some paper] and made a picture. It showed {n} and {f} {at}. [The sun was yellow, and the sky was blue.|There was a {obj} in it, too.]
{N} went to {f}'s house and knocked on the door. "[This is for you|I made this for you], {fv}," {he} said.
{F} looked at the picture and [smiled|began to smile]. "[It is the best gift ever|I love it]," {fhe} said. "[I feel better now|I will keep it next to my bed]."
{N} stayed and [read a book to {f}|told {f} funny stories|made warm soup]. [The next week|Soon], {f} was well again.
[{They} went outside to play {at}.|{N} learned that a gift from the heart is the best gift.]""",
    "bully": """
{oneday} {n0} was {at} with {his} {obj}. {Fintro} came and took the {thing} away! "[This is mine now|Now it is mine]!" said {f}.
"[Please give it back|That is not nice|That is my {thing}]," said {n}. But {f} only laughed and ran away. {N} [cried|was very sad].
{N} told {eintro} about it. "[Maybe {f} is lonely|Maybe {f} has no toys]," said {e}. "[Talk to {fhim}|Ask {fhim} to play with you]."
So {n} went to find {f}. {F} was sitting alone {spot}. "[Why did you take my {thing}|Why do you look so sad]?" asked {n}.
"[I have no friends|Nobody plays with me|I have no {thing} of my own]," said {f}. "I am sorry." {FHe} gave the {thing} back.
"[You can play with me|We can play with it together]," said {n}. {F} [was surprised|could not believe it|smiled for the first time].
{They} played [all day|until supper]. [From that day on, {f} was never mean again.|{N} learned that a mean face can hide a sad heart.|Soon, they were good friends.]""",
}


def expand(text, cast, rng):
    """Resolves the choices of `text` from the inside out, then fills the slots."""
    choice = re.compile(r"\[([^\[\]]*)\]")
    while choice.search(text):
        text = choice.sub(lambda m: rng.choice(m.group(1).split("|")), text, count=1)
    while "{" in text:
        text = re.sub(r"\{(\w+)\}", lambda m: cast[m.group(1)], text)
        while choice.search(text):
            text = choice.sub(lambda m: rng.choice(m.group(1).split("|")), text, count=1)
    return text


def upper(text):
    return text[:1].upper() + text[1:]


def person(rng, taken):
    """Draws a kind, a name and pronouns; about a quarter of the animals have no name."""
    draw = rng.random()
    she = rng.random() < 0.5
    name = rng.choice([n for n in (GIRLS if she else BOYS) if n not in taken])
    if draw < 0.35:
        kind = "girl" if she else "boy"
    else:
        kind = rng.choice([k for k in (ANIMALS if draw < 0.87 else FANTASY) if k not in taken])
    named = kind in ("girl", "boy") or rng.random() < 0.75
    return kind, (name if named else "the " + kind), ("she", "her", "her") if she else ("he", "him", "his"), named


def cast_of(rng):  # draws everything one story needs to know
    kind, n, (he, him, his), named = person(rng, ())
    fkind, f, (fhe, fhim, fhis), fnamed = person(rng, (n, kind))
    trait, size, ftrait = rng.choice(TRAITS), rng.choice(SIZES), rng.choice(TRAITS)
    trait2 = rng.choice([t for t in TRAITS if t != trait])
    adjective = rng.choice([size, size, trait, trait + " " + size])
    intro = f"a {adjective} {kind}" + (f" named {n}" if named else "")
    fadjective = rng.choice(["", "", ftrait + " ", rng.choice(SIZES) + " "])
    fintro = f"a {fadjective}{fkind}" + (f" named {f}" if fnamed else "")
    parent, fparent = rng.choice(["mother", "father", "grandmother", "grandfather"]), rng.choice(["mother", "father"])
    at, to, spots = rng.choice(PLACES)
    spot, spot2 = rng.sample(spots, 2)
    color, thing = rng.choice(COLORS), rng.choice(TOYS)
    ekind, eadjective = rng.choice([e for e in ELDERS if e[0] not in (kind, fkind)])
    skill, fear, build = rng.choice(SKILLS), rng.choice(FEARS), rng.choice(BUILDS)
    meal, baby, trap = rng.choice(MEALS), rng.choice([b for b in BABIES if b[0] not in (kind, fkind)]), rng.choice(TRAPS)
    return dict(
        n=n, kind=kind, he=he, him=him, his=his, named=named, intro=intro, trait2=trait2, adjective=adjective,
        v=n if named else "little " + kind, f=f, fk=fkind, fhe=fhe, fhim=fhim, fhis=fhis, fintro=fintro,
        fintro2=fintro, fv=f if fnamed else "my friend",
        they=rng.choice(["they", f"{n} and {f}", "the two friends"]), they2="they", parent=parent, fparent=fparent,
        phe="she" if "mother" in parent else "he", at=at, to=to, thep=to.split("to ", 1)[1], spot=spot, spot2=spot2,
        color=color, thing=thing, obj=f"{color} {thing}", food=rng.choice(FOODS), hobby=rng.choice(HOBBIES),
        cake=rng.choice(["chocolate", "strawberry", "apple", "honey"]), e="the " + ekind,
        eintro=f"a {eadjective} {ekind}", skill=skill[0], fail=skill[1], win=skill[2], fear=fear[0], noise=fear[1],
        wasonly=fear[2], build=build[0], build2="the " + build[0][2:], stuff=build[1], meal=meal[0], need=meal[1],
        baby=baby[0], nest=baby[1], nestat=baby[2], trap=trap[0], tool=trap[1], free=trap[2],
        oneday="[One day,|One day,|One day,|One morning,|One sunny day,|One afternoon,|One fine day,]",
        onenight="[One night,|One night,|One evening,|Late one night,]")


def tell(rng):
    """Returns one story: its text, its cast and the name of its plot."""
    cast = cast_of(rng)
    plot = rng.choice(sorted(PLOTS))
    # Some stories begin at once: "One day, a little fox named Ruby ...".
    direct = rng.random() < 0.2 and plot not in ("birthday", "race")
    cast["n0"] = cast["intro"] if direct else cast["n"]
    cast["more"] = rng.choice(MORE + [MINE] * 2 if plot in ("lost", "newfriend", "bully", "fear", "sleep") else MORE)
    for key, capital in (("n", "N"), ("he", "He"), ("his", "His"), ("f", "F"), ("fhe", "FHe"), ("e", "E"),
                         ("they", "They"), ("they2", "They2"), ("fintro", "Fintro"), ("eintro", "Eintro")):
        cast[capital] = upper(cast[key])
    lines = [] if direct else [rng.choice(WHO[::3] if plot == "newfriend" else WHO)]
    for line in PLOTS[plot].strip().split("\n"):
        if not line.startswith("?") or rng.random() < 0.5:
            lines.append(line.lstrip("?"))
    if rng.random() < 0.3:
        lines.append(rng.choice(CLOSE))
    text = " ".join(upper(expand(line, cast, rng).strip()) for line in lines)
    text = re.sub(r"\b([Aa]) (?=[aeiou](?<!u))", r"\1n ", text)
    text = re.sub(r"\b([Aa]) (?=umbrella|ugly)", r"\1n ", text)
    text = re.sub(r"([.!?] )([a-z])", lambda m: m.group(1) + m.group(2).upper(), text)
    return text, cast, plot


def request(cast, text, rng):
    """Returns what somebody might have asked to be told this story."""
    about = ["a " + cast["kind"], "a " + cast["kind"], f"a {cast['adjective']} {cast['kind']}"]
    if cast["named"]:
        about += [cast["n"], f"a {cast['kind']} named {cast['n']}"]
    if cast["obj"] in text:
        about += [f"a {cast['obj']}", f"a {cast['kind']} and a {cast['thing']}"]
    if cast["f"] in text:
        about += [f"a {cast['kind']} and a {cast['fk']}" if cast["kind"] != cast["fk"] else f"two {cast['kind']}s"]
    topic = re.sub(r"\ba (?=[aeio]|umbrella)", "an ", rng.choice(about))
    return rng.choice(["Tell me a story about {}.", "Tell me a story about {}.", "Please tell me a story about {}.",
                       "Can you tell me a story about {}?", "Write a story about {}.", "A story about {}, please.",
                       "I want to hear a story about {}."]).format(topic)


def corpus(seed, count, chat_share=0.4):
    """Yields `count` pairs (request or None, story), the same ones for the same seed."""
    rng = random.Random(seed)
    for _ in range(count):
        text, cast, _ = tell(rng)
        asked = None
        if rng.random() < chat_share:
            asked = request(cast, text, rng) if rng.random() < 0.93 else rng.choice(
                ["Tell me a story.", "Can you tell me a story?", "Please tell me a bedtime story.", "Hello!"])
        yield asked, text


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in (("--seed", 1), ("--count", 5)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--chat", action="store_true", help="show the requests as well")
    arguments = parser.parse_args()
    for asked, story in corpus(arguments.seed, arguments.count, float(arguments.chat)):
        print((f"> {asked}\n" if asked else "") + story + "\n")
