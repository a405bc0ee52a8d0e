//! Our own table of application identifiers, in the line format of [`super::dictionary`].
//!
//! Formats of all identifiers in general use; companion rules only for those that shipping needs
//! (as the GS1 Syntax Dictionary of January 2026 has them). An operator who prints item data
//! gives the full dictionary. Not known for certain, and therefore not checked: whether `+` may
//! stand for a space in the 43xx group (here it is a plus), the check pair of 8013.

/// Read once, at first use.
pub(super) const LINES: &str = "\
00         *  N18,csum,gcppos2 dlpkey # SSCC
01         *  N14,csum,gcppos2 ex=02,37 dlpkey=22,10,21|235 # GTIN
02         *  N14,csum,gcppos2 req=37 # CONTENT
03         *  N14,csum,gcppos2 # MTO GTIN
10            X..20 # BATCH/LOT
11         *  N6,yymmd0 # PROD DATE
12         *  N6,yymmd0 # DUE DATE
13         *  N6,yymmd0 # PACK DATE
15         *  N6,yymmd0 # BEST BEFORE
16         *  N6,yymmd0 # SELL BY
17         *  N6,yymmd0 # USE BY
20         *  N2 # VARIANT
21            X..20 # SERIAL
22            X..20 # CPV
235           X..28 # TPX
240-241       X..30
242           N..6 # MTO VARIANT
243           X..20 # PCN
250-251       X..30
253           N13,csum,gcppos1 [X..17] dlpkey # GDTI
254           X..20 # GLN EXTENSION COMPONENT
255           N13,csum,gcppos1 [N..12] dlpkey # GCN
30            N..8 # VAR. COUNT
3100-3105  *  N6 # NET WEIGHT (kg)
3110-3115  *  N6 # LENGTH (m)
3120-3125  *  N6 # WIDTH (m)
3130-3135  *  N6 # HEIGHT (m)
3140-3145  *  N6 # AREA (m2)
3150-3155  *  N6 # NET VOLUME (l)
3160-3165  *  N6 # NET VOLUME (m3)
3200-3205  *  N6 # NET WEIGHT (lb)
3210-3215  *  N6
3220-3225  *  N6
3230-3235  *  N6
3240-3245  *  N6
3250-3255  *  N6
3260-3265  *  N6
3270-3275  *  N6
3280-3285  *  N6
3290-3295  *  N6
3300-3305  *  N6 req=00,01 ex=330n # GROSS WEIGHT (kg)
3310-3315  *  N6 req=00,01 ex=331n # LENGTH (m), log
3320-3325  *  N6 req=00,01 ex=332n # WIDTH (m), log
3330-3335  *  N6 req=00,01 ex=333n # HEIGHT (m), log
3340-3345  *  N6 # AREA (m2), log
3350-3355  *  N6 req=00,01 ex=335n # VOLUME (l), log
3360-3365  *  N6 req=00,01 ex=336n # VOLUME (m3), log
3370-3375  *  N6 # KG PER m2
3400-3405  *  N6 # GROSS WEIGHT (lb)
3410-3415  *  N6
3420-3425  *  N6
3430-3435  *  N6
3440-3445  *  N6
3450-3455  *  N6
3460-3465  *  N6
3470-3475  *  N6
3480-3485  *  N6
3490-3495  *  N6
3500-3505  *  N6
3510-3515  *  N6
3520-3525  *  N6
3530-3535  *  N6
3540-3545  *  N6
3550-3555  *  N6
3560-3565  *  N6
3570-3575  *  N6
3600-3605  *  N6
3610-3615  *  N6
3620-3625  *  N6
3630-3635  *  N6
3640-3645  *  N6
3650-3655  *  N6
3660-3665  *  N6
3670-3675  *  N6
3680-3685  *  N6
3690-3695  *  N6
37            N..8 req=00+02,00+8026 # COUNT
3900-3909     N..15 # AMOUNT
3910-3919     N3,iso4217 N..15 # AMOUNT
3920-3929     N..15 # PRICE
3930-3939     N3,iso4217 N..15 # PRICE
3940-3943     N4 # PRCNT OFF
3950-3955     N6 # PRICE/UoM
400           X..30 # ORDER NUMBER
401           X..30,gcppos1 dlpkey # GINC
402           N17,csum,gcppos1 dlpkey # GSIN
403           X..30 req=00 # ROUTE
410        *  N13,csum,gcppos1 # SHIP TO LOC
411        *  N13,csum,gcppos1 # BILL TO
412        *  N13,csum,gcppos1 # PURCHASE FROM
413        *  N13,csum,gcppos1 # SHIP FOR LOC
414        *  N13,csum,gcppos1 dlpkey=254|7040 # LOC No.
415        *  N13,csum,gcppos1 dlpkey=8020 # PAY TO
416        *  N13,csum,gcppos1 # PROD/SERV LOC
417        *  N13,csum,gcppos1 dlpkey=7040 # PARTY
420           X..20 ex=421 # SHIP TO POST
421           N3,iso3166 X..9 ex=4307 # SHIP TO POST
422           N3,iso3166999 # ORIGIN
423           N3,iso3166 N..12 # COUNTRY - INITIAL PROCESS
424           N3,iso3166999 # COUNTRY - PROCESS
425           N3,iso3166 N..12 # COUNTRY - DISASSEMBLY
426           N3,iso3166 # COUNTRY - FULL PROCESS
427           X..3 # ORIGIN SUBDIVISION
4300          X..35,pcenc req=00 # SHIP TO COMP
4301          X..35,pcenc req=00 # SHIP TO NAME
4302          X..70,pcenc req=00 # SHIP TO ADD1
4303          X..70,pcenc req=00 req=4302 # SHIP TO ADD2
4304          X..70,pcenc req=00 # SHIP TO SUB
4305          X..70,pcenc req=00 # SHIP TO LOC
4306          X..70,pcenc req=00 # SHIP TO REG
4307          X2,iso3166alpha2 req=00 # SHIP TO COUNTRY
4308          X..30 req=00 # SHIP TO PHONE
4309          N10,latitude N10,longitude req=00 # SHIP TO GEO
4310          X..35,pcenc req=00 # RTN TO COMP
4311          X..35,pcenc req=00 # RTN TO NAME
4312          X..70,pcenc req=00 # RTN TO ADD1
4313          X..70,pcenc req=00 req=4312 # RTN TO ADD2
4314          X..70,pcenc req=00 # RTN TO SUB
4315          X..70,pcenc req=00 # RTN TO LOC
4316          X..70,pcenc req=00 # RTN TO REG
4317          X2,iso3166alpha2 req=00 # RTN TO COUNTRY
4318          X..20 req=00 # RTN TO POST
4319          X..30 req=00 # RTN TO PHONE
4320          X..35,pcenc req=00 # SRV DESCRIPTION
4321          N1,yesno req=00 # DANGEROUS GOODS
4322          N1,yesno req=00 # AUTH LEAVE
4323          N1,yesno req=00 # SIG REQUIRED
4324          N6,yymmd0 N4,hhmi req=00 # NBEF DEL DT.
4325          N6,yymmd0 N4,hhmi req=00 # NAFT DEL DT.
4326          N6,yymmdd req=00 # REL DATE
4330          N6 [X1,hyphen] req=00 ex=4331 # MAX TEMP F.
4331          N6 [X1,hyphen] req=00 # MAX TEMP C.
4332          N6 [X1,hyphen] req=00 ex=4333 # MIN TEMP F.
4333          N6 [X1,hyphen] req=00 # MIN TEMP C.
7001          N13 # NSN
7002          X..30 # MEAT CUT
7003          N10 # EXPIRY TIME
7004          N..4 # ACTIVE POTENCY
7005          X..12 # CATCH AREA
7006          N6,yymmdd # FIRST FREEZE DATE
7007          N6,yymmdd [N6,yymmdd] # HARVEST DATE
7008          X..3 # AQUATIC SPECIES
7009          X..10 # FISHING GEAR TYPE
7010          X..2 # PROD METHOD
7011          N6,yymmdd [N4,hhmi] # TEST BY DATE
7020-7022     X..20
7023          X..30 # GIAI - ASSEMBLY
7030-7039     N3,iso3166999 X..27 # PROCESSOR
7040          X4 # UIC+EXT
710-716       X..20
7230-7239     X2 X..28 # CERT
7240          X..20 # PROTOCOL
8001          N14 # DIMENSIONS
8002          X..20 # CMT No.
8003          N1,zero N13,csum,gcppos1 [X..16] dlpkey # GRAI
8004          X..30,gcppos1 dlpkey=7040 # GIAI
8005          N6 # PRICE PER UNIT
8006          N14,csum,gcppos2 N4,pieceoftotal dlpkey=22,10,21 # ITIP
8007          X..34 # IBAN
8008          N8 [N..4] # PROD TIME
8009          X..50 # OPTSEN
8010          Y..30,gcppos1 dlpkey=8011 # CPID
8011          N..12,nozeroprefix # CPID SERIAL
8012          X..20 # VERSION
8013          X..25,gcppos1 dlpkey # GMN
8017          N18,csum,gcppos1 dlpkey=8019 # GSRN - PROVIDER
8018          N18,csum,gcppos1 dlpkey=8019 # GSRN - RECIPIENT
8019          N..10 # SRIN
8020          X..25 # REF No.
8026          N14,csum,gcppos2 N4,pieceoftotal req=37 # ITIP CONTENT
8110          X..70
8111          N4 # POINTS
8112          X..70
8200          X..70 # PRODUCT URL
90            X..30 # INTERNAL
91-99         X..90 # INTERNAL
";
